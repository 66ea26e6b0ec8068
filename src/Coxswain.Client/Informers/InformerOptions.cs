namespace Coxswain.Client.Informers;

/// <summary>Which objects of a resource an informer keeps. Informers of the same resource, type and options are shared.</summary>
/// <param name="Namespace">Null for all namespaces.</param>
public sealed record InformerOptions(string? Namespace = null, string LabelSelector = "", string FieldSelector = "")
{
    public static readonly InformerOptions All = new();
}
