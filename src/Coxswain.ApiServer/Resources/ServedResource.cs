using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
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
        : this(resource, schema, rules, storage: null, converter: null)
    {
    }

    /// <summary>Another version of what is stored as <paramref name="storage"/>.</summary>
    public ServedResource(ApiResource resource, Schema? schema, ServedResource storage, IVersionConverter converter)
        : this(resource, schema, storage.Rules, storage, converter)
    {
    }

    /// <summary>A version of a custom resource, with rules of its own.</summary>
    /// <param name="storage">The version that is stored; null when it is this one.</param>
    public ServedResource(ApiResource resource, Schema schema, ResourceRules rules, ServedResource? storage, ICustomVersions versions)
        : this(resource, schema, rules, storage, converter: null) => Custom = versions;

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

    /// <summary>How objects of a custom resource are shown in its versions; null for built-in kinds.</summary>
    public ICustomVersions? Custom { get; }

    public ObjectKind Kind { get; }

    /// <summary>Whether there is a C# type of the kind.</summary>
    public bool IsTyped { get; }

    /// <summary>The kind's own OpenAPI schema, when it was made from one; otherwise the documents are made from <see cref="Schema"/>.</summary>
    public JsonObject? OpenApiSchema { get; init; }

    /// <summary>Names what the documents say of this version, so that they are made anew only when that changes.</summary>
    public string OpenApiIdentity => field ??= $"{this},{Resource.Kind},{Resource.Namespaced}" + (OpenApiSchema is null
        ? "" : Convert.ToHexString(SHA256.HashData(Document.Utf8(OpenApiSchema))));

    /// <summary>What every user of this version is told; empty for nothing.</summary>
    public string Deprecation { get; init; } = "";

    public ScalePaths Scale { get; init; } = ScalePaths.Workload;

    /// <summary>Makes the objects of a resource that is stored nowhere, which can be read and not written; null for what is stored.</summary>
    public IComputedObjects? Computed { get; init; }

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

    /// <summary>Whether every stored entry is shown as it is.</summary>
    public bool ShowsStored => Converter is null && Custom is null;

    /// <summary>A stored entry as this version shows it: made once for each entry and version.</summary>
    public async ValueTask<StoreEntry> ShowAsync(StoreEntry stored, CancellationToken cancellationToken) =>
        ShowsStored ? stored : (await ShowAsync([stored], cancellationToken))[0];

    public ValueTask<IReadOnlyList<StoreEntry>> ShowAsync(IReadOnlyList<StoreEntry> stored, CancellationToken cancellationToken) =>
        ShowsStored || stored.Count == 0 ? ValueTask.FromResult(stored)
        : Custom is not null ? Custom.ShowAsync(this, stored, cancellationToken)
        : ValueTask.FromResult<IReadOnlyList<StoreEntry>>([.. stored.Select(entry => StoredObject.Of(entry).In(this, Translate))]);

    /// <summary>A document of this version as the stored version writes it. Takes it over.</summary>
    public ValueTask<JsonObject> ToStoredAsync(JsonObject document, CancellationToken cancellationToken) =>
        Custom?.ConvertAsync(document, Storage, cancellationToken) ?? ValueTask.FromResult(ToStored(document));

    /// <summary>A stored document as this version writes it. Takes it over.</summary>
    public ValueTask<JsonObject> FromStoredAsync(JsonObject document, CancellationToken cancellationToken) =>
        Custom?.ConvertAsync(document, this, cancellationToken) ?? ValueTask.FromResult(FromStored(document));

    /// <summary>The same at once: of a custom resource as if its versions differed by name alone.</summary>
    public JsonObject ToStored(JsonObject document) => Name(Converter?.ToStored(document) ?? document, Storage.Kind);

    public JsonObject FromStored(JsonObject document) => Name(Converter?.FromStored(document) ?? document, Kind);

    private JsonObject Name(JsonObject document, ObjectKind kind)
    {
        if (!ShowsStored)
        {
            document["kind"] = kind.Kind;
            document["apiVersion"] = kind.ApiVersion;
        }

        return document;
    }

    /// <summary>The typed object where there is a type, one of any kind otherwise.</summary>
    public IKubeObject Read(ReadOnlySpan<byte> utf8) => IsTyped ? KubeTypes.Read(Kind, utf8) : KubeJson.Deserialize<KubeObject>(utf8);

    public void Withdraw() => _withdrawn.Cancel();

    public override string ToString() => $"{QualifiedName}/{Resource.Version}";

    private StoreEntry Translate(StoreEntry stored) =>
        new(stored.Key, Document.Encode(FromStored(Document.Decode(stored.Value))), stored.CreateRevision, stored.ModRevision);
}
