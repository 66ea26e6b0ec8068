using Coxswain.Api.Core.V1;
using Coxswain.Node.Files;
using Coxswain.Node.Options;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>Makes pods' sandboxes and the files under /etc that depend on their addresses.</summary>
internal sealed class PodSandboxes(IPodRuntime runtime, NodePaths paths, NodeAgentOptions options)
{
    private const string HostResolvConf = "/etc/resolv.conf";
    private const string HostHosts = "/etc/hosts";

    public async Task<SandboxStatus> RunAsync(Pod pod, CancellationToken cancellationToken)
    {
        var hostname = PodHostname.Of(pod, options.NodeName);
        var sandbox = await runtime.RunSandboxAsync(
            new SandboxConfig(pod.Metadata.Uid, pod.Metadata.Namespace, pod.Metadata.Name, hostname, "pod" + pod.Metadata.Uid)
            {
                HostNetwork = pod.Spec.HostNetwork,
                HostPid = pod.Spec.HostPID,
                HostIpc = pod.Spec.HostIPC,
                Sysctls = (pod.Spec.SecurityContext?.Sysctls ?? []).ToDictionary(sysctl => sysctl.Name, sysctl => sysctl.Value),
            },
            cancellationToken);

        var domain = PodHostname.DomainOf(pod, options.ClusterDomain);
        Write(pod, "hosts", HostsFile.Build(pod, sandbox.Addresses, hostname, domain, ReadHost(HostHosts)));
        Write(pod, "hostname", hostname + "\n");
        Write(pod, "resolv.conf", ResolvConf.Build(pod, options.ClusterDns, options.ClusterDomain, ReadHost(HostResolvConf)));
        return sandbox;
    }

    private void Write(Pod pod, string name, string text)
    {
        var path = paths.EtcFile(pod.Metadata.Uid, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!); // A path of ours: it has a parent.
        File.WriteAllText(path, text);
    }

    private static string ReadHost(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
