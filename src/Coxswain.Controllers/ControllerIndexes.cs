using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Client.Informers;

namespace Coxswain.Controllers;

/// <summary>The indexes that several controllers share.</summary>
internal static class ControllerIndexes
{
    private const string Orphans = "withoutController";
    private const string NodeName = "nodeName";

    /// <summary>Objects of a namespace that no controller owns, which one with a matching selector may adopt.</summary>
    public static Informer<T> WithOrphans<T>(this Informer<T> informer)
        where T : class, IKubeObject<T>
    {
        informer.AddIndex(Orphans, obj => OwnerReferences.ControllerOf(obj) is null ? [obj.Metadata.Namespace] : []);
        return informer;
    }

    public static IReadOnlyList<T> ListOrphans<T>(this Informer<T> informer, string @namespace)
        where T : class, IKubeObject<T> =>
        informer.ListBy(Orphans, @namespace);

    public static Informer<Pod> WithNodeNames(this Informer<Pod> informer)
    {
        informer.AddIndex(NodeName, pod => pod.Spec.NodeName.Length > 0 ? [pod.Spec.NodeName] : []);
        return informer;
    }

    public static IReadOnlyList<Pod> ListOnNode(this Informer<Pod> informer, string nodeName) => informer.ListBy(NodeName, nodeName);
}
