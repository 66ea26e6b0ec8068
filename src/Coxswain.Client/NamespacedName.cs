using Coxswain.Api;

namespace Coxswain.Client;

/// <summary>What names an object of one resource; the namespace is empty for cluster-scoped resources.</summary>
public readonly record struct NamespacedName(string Namespace, string Name)
{
    public static NamespacedName Of(IKubeObject obj) => new(obj.Metadata.Namespace, obj.Metadata.Name);

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
