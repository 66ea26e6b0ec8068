using Coxswain.Hosting;

namespace Coxswain.Addons;

/// <summary>Something that a cluster can have besides what every cluster has: images made here, and objects.</summary>
/// <param name="Manifest">The name of the embedded file of its objects.</param>
/// <param name="Deployment">The Deployment in <c>kube-system</c> that shows that it is enabled, and ready.</param>
/// <param name="Values">What stands for <c>{{name}}</c> in the manifest, in YAML.</param>
internal sealed record Addon(
    string Name, string Description, IReadOnlyList<AddonImage> Images, string Manifest, string Deployment,
    Func<ClusterPaths, IReadOnlyDictionary<string, string>> Values);

/// <param name="Packages">Debian's, on top of a minimal system.</param>
internal sealed record AddonImage(string Tag, IReadOnlyList<string> Packages);
