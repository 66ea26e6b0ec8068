using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.Api.Kinds;
using Coxswain.Api.Resources;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Resources;

/// <summary>
/// One resource at one of its versions: its place in the API and in the store, its schema and what is particular to it.
/// Versions of a resource share the rules and the stored objects of the one that is the storage version.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Without a timer there is nothing to dispose of, and requests may still hold the token.")]
internal sealed class ServedResource
{
    private readonly CancellationTokenSource _withdrawn = new();

    /// <summary>The version that is stored, or the only one.</summary>
    public ServedResource(ApiResource resource, Schema? schema, ResourceRules rules)
        : this(resource, schema, rules, null, null)
    {
    }

    /// <summary>Another version of what is stored as <paramref name="storage"/>.</summary>
    public ServedResource(ApiResource resource, Schema? schema, ServedResource storage, IVersionConverter converter)
        : this(resource, schema, storage.Rules, storage, converter)
    {
    }

    private ServedResource(ApiResource resource, Schema? schema, ResourceRules rules, ServedResource? storage, IVersionConverter? converter)
    {
        Resource = resource;
        Schema = schema;
        Rules = rules;
        Storage = storage ?? this;
        Converter = converter;
        Kind = new ObjectKind(resource.ApiVersion, resource.Kind);
        IsTyped = KubeTypes.IsObject(Kind);
        KeyPrefix = storage?.KeyPrefix ?? $"/registry/{(resource.Group.Length == 0 ? "core" : resource.Group)}/{resource.Plural}/";
        ListOpening = Encoding.UTF8.GetBytes($"{{\"kind\":\"{resource.Kind}List\",\"apiVersion\":\"{resource.ApiVersion}\",\"metadata\":{{");
    }

    public ApiResource Resource { get; }

    public Schema? Schema { get; }

    public ResourceRules Rules { get; }

    /// <summary>The version objects are stored in; this one when it is that.</summary>
    public ServedResource Storage { get; }

    /// <summary>Between this version and the stored one; null when they are the same.</summary>
    public IVersionConverter? Converter { get; }

    public ObjectKind Kind { get; }

    /// <summary>Whether there is a C# type of the kind.</summary>
    public bool IsTyped { get; }

    /// <summary>The kind's own OpenAPI schema, when it was made from one; otherwise the documents are made from <see cref="Schema"/>.</summary>
    public JsonObject? OpenApiSchema { get; init; }

    public string KeyPrefix { get; }

    public string QualifiedName => Resource.QualifiedName;

    /// <summary>What a list's JSON begins with.</summary>
    public byte[] ListOpening { get; }

    public bool HasStatus => HasSubresource("status");

    /// <summary>Cancelled when the resource is not served any more, or served otherwise.</summary>
    public CancellationToken Withdrawn => _withdrawn.Token;

    public bool HasSubresource(string name) => Resource.Subresources.Any(subresource => subresource.Name == name);

    public bool Allows(string verb) => Resource.Verbs.Contains(verb);

    public string Key(string @namespace, string name) => Resource.Namespaced ? $"{KeyPrefix}{@namespace}/{name}" : KeyPrefix + name;

    /// <summary>What all keys of a namespace begin with; of every namespace when it is empty.</summary>
    public string Prefix(string @namespace) => Resource.Namespaced && @namespace.Length > 0 ? $"{KeyPrefix}{@namespace}/" : KeyPrefix;

    /// <summary>A stored entry as this version shows it: made once for each entry and version.</summary>
    public StoreEntry Show(StoreEntry stored) => Converter is null ? stored : StoredObject.Of(stored).In(this, Convert);

    /// <summary>A document of this version as the stored version writes it. Takes it over.</summary>
    public JsonObject ToStored(JsonObject document)
    {
        if (Converter is not null)
        {
            document = Converter.ToStored(document);
            document["kind"] = Storage.Kind.Kind;
            document["apiVersion"] = Storage.Kind.ApiVersion;
        }

        return document;
    }

    /// <summary>A stored document as this version writes it. Takes it over.</summary>
    public JsonObject FromStored(JsonObject document)
    {
        if (Converter is not null)
        {
            document = Converter.FromStored(document);
            document["kind"] = Kind.Kind;
            document["apiVersion"] = Kind.ApiVersion;
        }

        return document;
    }

    /// <summary>The typed object where there is a type, one of any kind otherwise.</summary>
    public IKubeObject Read(ReadOnlySpan<byte> utf8) => IsTyped ? KubeTypes.Read(Kind, utf8) : KubeJson.Deserialize<KubeObject>(utf8);

    public void Withdraw() => _withdrawn.Cancel();

    public override string ToString() => $"{QualifiedName}/{Resource.Version}";

    private StoreEntry Convert(StoreEntry stored) =>
        new(stored.Key, Document.Encode(FromStored(Document.Decode(stored.Value))), stored.CreateRevision, stored.ModRevision);
}
