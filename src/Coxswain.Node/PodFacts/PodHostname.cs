using Coxswain.Api.Core.V1;

namespace Coxswain.Node.PodFacts;

/// <summary>The name a pod knows itself by.</summary>
internal static class PodHostname
{
    /// <summary>The longest part of a name in the DNS, and the longest host name Linux takes.</summary>
    private const int MaxLabel = 63;
    private const int MaxHostname = 64;

    /// <param name="nodeName">The name of pods with the host's network.</param>
    public static string Of(Pod pod, string nodeName)
    {
        if (pod.Spec.HostnameOverride is { Length: > 0 } given)
        {
            return given;
        }

        if (pod.Spec.HostNetwork)
        {
            return nodeName;
        }

        var name = pod.Spec.Hostname.Length > 0 ? pod.Spec.Hostname : pod.Metadata.Name;
        return name.Length <= MaxLabel ? name : name[..MaxLabel].TrimEnd('-', '.');
    }

    /// <summary>What the kernel calls the pod: the full name when it asks for that.</summary>
    /// <exception cref="ContainerConfigException">That is longer than a host name can be.</exception>
    public static string KernelNameOf(Pod pod, string nodeName, string clusterDomain)
    {
        var name = Of(pod, nodeName);
        if (pod.Spec.SetHostnameAsFQDN != true || DomainOf(pod, clusterDomain) is not { Length: > 0 } domain)
        {
            return name;
        }

        var full = $"{name}.{domain}";
        return full.Length <= MaxHostname ? full : throw new ContainerConfigException(
            $"failed to construct FQDN from Pod hostname and cluster domain, FQDN {full} is too long ({MaxHostname} characters is the max, {full.Length} characters requested)");
    }

    /// <summary>Empty unless the pod has a subdomain.</summary>
    public static string DomainOf(Pod pod, string clusterDomain) =>
        pod.Spec.Subdomain.Length == 0 || pod.Spec.HostnameOverride is { Length: > 0 } ? "" : $"{pod.Spec.Subdomain}.{pod.Metadata.Namespace}.svc.{clusterDomain}";
}
