namespace Coxswain.Client.Informers;

/// <summary>Which objects of a resource an informer keeps. Informers of the same resource, type and options are shared.</summary>
/// <param name="Namespace">Null for all namespaces.</param>
/// <param name="IdentityOnly">Keep of the metadata only what names an object and its owners and says whether it is being deleted.</param>
public sealed record InformerOptions(string? Namespace = null, string LabelSelector = "", string FieldSelector = "", bool IdentityOnly = false)
{
    public static readonly InformerOptions All = new();
}
