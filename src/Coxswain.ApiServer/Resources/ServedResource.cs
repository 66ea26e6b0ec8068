using System.Text;
using Coxswain.Api;

namespace Coxswain.ApiServer.Resources;

/// <summary>One resource that is served: its place in the API, in the store, and what is particular to it.</summary>
internal sealed class ServedResource
{
    public ServedResource(ApiResource resource, Schema? schema, ResourceStrategy strategy)
    {
        Resource = resource;
        Schema = schema;
        Strategy = strategy;
        Kind = new ObjectKind(resource.ApiVersion, resource.Kind);
        KeyPrefix = $"/registry/{(resource.Group.Length == 0 ? "core" : resource.Group)}/{resource.Plural}/";
        ListOpening = Encoding.UTF8.GetBytes($"{{\"kind\":\"{resource.Kind}List\",\"apiVersion\":\"{resource.ApiVersion}\",\"metadata\":{{");
    }

    public ApiResource Resource { get; }

    public Schema? Schema { get; }

    public ResourceStrategy Strategy { get; }

    public ObjectKind Kind { get; }

    public string KeyPrefix { get; }

    public string QualifiedName => Resource.QualifiedName;

    /// <summary>What a list's JSON begins with.</summary>
    public byte[] ListOpening { get; }

    public bool HasStatus => HasSubresource("status");

    public bool HasSubresource(string name) => Resource.Subresources.Any(subresource => subresource.Name == name);

    public bool Allows(string verb) => Resource.Verbs.Contains(verb);

    public string Key(string @namespace, string name) => Resource.Namespaced ? $"{KeyPrefix}{@namespace}/{name}" : KeyPrefix + name;

    /// <summary>What all keys of a namespace begin with; of every namespace when it is empty.</summary>
    public string Prefix(string @namespace) => Resource.Namespaced && @namespace.Length > 0 ? $"{KeyPrefix}{@namespace}/" : KeyPrefix;

    public override string ToString() => QualifiedName;
}
