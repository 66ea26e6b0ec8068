using Coxswain.Api.Core.V1;
using Coxswain.Engine.Networks;
using Coxswain.Linux.Files;
using Coxswain.Node.Files;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>Makes pods' sandboxes and the files under /etc that depend on their addresses.</summary>
internal sealed class PodSandboxes(
    IPodRuntime runtime, RuntimeHandlers handlers, NodePaths paths, string nodeName, string clusterDns, string clusterDomain)
{
    private const string HostHosts = "/etc/hosts";

    /// <summary>What the resolver library reads is written last: when it is there, all are.</summary>
    private const string LastFile = "resolv.conf";

    public async Task<SandboxStatus> RunAsync(Pod pod, CancellationToken cancellationToken)
    {
        await handlers.CheckAsync(pod, cancellationToken);
        var sandbox = await runtime.RunPodSandboxAsync(
            new SandboxConfig(
                pod.Metadata.Uid, pod.Metadata.Namespace, pod.Metadata.Name, PodHostname.KernelNameOf(pod, nodeName, clusterDomain),
                SandboxConfig.CgroupOf(pod.Metadata.Uid))
            {
                HostNetwork = pod.Spec.HostNetwork,
                HostPid = pod.Spec.HostPID,
                HostIpc = pod.Spec.HostIPC,
                Resources = PodAmounts.Of(pod.Spec),
                ShareProcessNamespace = pod.Spec.ShareProcessNamespace == true,
                Sysctls = (pod.Spec.SecurityContext?.Sysctls ?? []).ToDictionary(sysctl => sysctl.Name, sysctl => sysctl.Value),
            },
            cancellationToken);
        WriteFiles(pod, sandbox);
        return sandbox;
    }

    /// <summary>Writes the files of a sandbox that has none yet.</summary>
    public void WriteMissingFiles(Pod pod, SandboxStatus sandbox)
    {
        if (!File.Exists(paths.EtcFile(pod.Metadata.Uid, LastFile)))
        {
            WriteFiles(pod, sandbox);
        }
    }

    private void WriteFiles(Pod pod, SandboxStatus sandbox)
    {
        var hostname = PodHostname.Of(pod, nodeName);
        Write(pod, "hosts", HostsFile.Build(
            pod, sandbox.Addresses, hostname, PodHostname.DomainOf(pod, clusterDomain), File.Exists(HostHosts) ? File.ReadAllText(HostHosts) : ""));
        Write(pod, "hostname", PodHostname.KernelNameOf(pod, nodeName, clusterDomain) + "\n");
        Write(pod, LastFile, ResolvConf.Build(pod, clusterDns, clusterDomain, HostResolvConf.Read()));
    }

    private void Write(Pod pod, string name, string text)
    {
        var path = paths.EtcFile(pod.Metadata.Uid, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!); // A path of ours: it has a parent.
        // Under its name only when it is whole. Not flushed: after a power cut the sandbox is made anew, and its files with it.
        var aside = path + ".new";
        File.WriteAllText(aside, text);
        FileNodes.Rename(aside, path);
    }
}
