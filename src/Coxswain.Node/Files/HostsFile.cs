using System.Text;
using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Files;

/// <summary>A pod's /etc/hosts.</summary>
internal static class HostsFile
{
    /// <param name="host">The text of the node's own file, which pods with the host's network get.</param>
    public static string Build(Pod pod, IReadOnlyList<string> podAddresses, string hostname, string domain, string host)
    {
        var text = new StringBuilder();
        if (pod.Spec.HostNetwork)
        {
            text.Append("# Kubernetes-managed hosts file (host network).\n").Append(host);
        }
        else
        {
            text.Append("""
                # Kubernetes-managed hosts file.
                127.0.0.1	localhost
                ::1	localhost ip6-localhost ip6-loopback
                fe00::0	ip6-localnet
                fe00::0	ip6-mcastprefix
                fe00::1	ip6-allnodes
                fe00::2	ip6-allrouters

                """);
            foreach (var address in podAddresses)
            {
                text.Append(address).Append('\t').Append(domain.Length > 0 ? $"{hostname}.{domain}\t" : "").Append(hostname).Append('\n');
            }
        }

        if (pod.Spec.HostAliases.Count > 0)
        {
            text.Append("\n# Entries added by HostAliases.\n");
            foreach (var alias in pod.Spec.HostAliases)
            {
                text.Append(alias.Ip).Append('\t').AppendJoin('\t', alias.Hostnames).Append('\n');
            }
        }

        return text.ToString();
    }
}
