using Coxswain.Api.Core.V1;

namespace Coxswain.Node.PodFacts;

/// <summary>The name a pod knows itself by.</summary>
internal static class PodHostname
{
    /// <summary>The longest host name Linux takes.</summary>
    private const int MaxLength = 63;

    /// <param name="nodeName">The name of pods with the host's network.</param>
    public static string Of(Pod pod, string nodeName)
    {
        if (pod.Spec.HostNetwork)
        {
            return nodeName;
        }

        var name = pod.Spec.Hostname.Length > 0 ? pod.Spec.Hostname : pod.Metadata.Name;
        return name.Length <= MaxLength ? name : name[..MaxLength].TrimEnd('-', '.');
    }

    /// <summary>Empty unless the pod has a subdomain.</summary>
    public static string DomainOf(Pod pod, string clusterDomain) =>
        pod.Spec.Subdomain.Length == 0 ? "" : $"{pod.Spec.Subdomain}.{pod.Metadata.Namespace}.svc.{clusterDomain}";
}
