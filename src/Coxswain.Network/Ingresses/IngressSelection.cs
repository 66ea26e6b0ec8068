using Coxswain.Api.Networking.V1;

namespace Coxswain.Network.Ingresses;

/// <summary>Which Ingresses are served here: those of a class of ours, and those of no class at all.</summary>
internal sealed class IngressSelection(IEnumerable<IngressClass> classes)
{
    private const string OldAnnotation = "kubernetes.io/ingress.class";

    private readonly HashSet<string> _classes =
        [.. classes.Where(found => found.Spec.Controller == IngressSettings.Controller).Select(found => found.Metadata.Name)];

    /// <summary>Somebody wants Ingresses served here.</summary>
    public bool IsAny => _classes.Count > 0;

    public bool IsOurs(Ingress ingress)
    {
        var name = ingress.Spec.IngressClassName ?? ingress.Metadata.Annotations.GetValueOrDefault(OldAnnotation);
        return IsAny && ingress.Metadata.DeletionTimestamp is null && (string.IsNullOrEmpty(name) || _classes.Contains(name));
    }
}
