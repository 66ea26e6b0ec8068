using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.OpenApi;

/// <summary>
/// The OpenAPI documents of a set of resources: version 2 as one (JSON and protobuf), version 3 by group and version.
/// Made from the schema when first asked for, and kept.
/// See https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition.
/// </summary>
internal sealed class OpenApiDocuments
{
    private const string Json = "application/json";
    private const string V2ProtobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    private const string V2Path = "/openapi/v2";
    private const string V3Path = "/openapi/v3";

    private readonly string _title = "Kubernetes";
    private readonly string _version;
    private readonly ILookup<string, ServedResource> _byGroupVersion;
    private readonly IReadOnlyList<ServedResource> _resources;
    private readonly Lazy<JsonObject> _v2;
    private readonly Lazy<byte[]> _v2Json;
    private readonly Lazy<byte[]> _v2Protobuf;
    private readonly Dictionary<string, Lazy<byte[]>> _v3;
    private readonly Dictionary<string, string> _v3Hashes;

    /// <param name="version">The server's version, shown in the documents.</param>
    public OpenApiDocuments(IReadOnlyList<ServedResource> resources, string version)
    {
        _resources = resources;
        _version = version;
        _byGroupVersion = resources.ToLookup(PathOf, StringComparer.Ordinal);
        _v2 = new Lazy<JsonObject>(MakeV2);
        _v2Json = new Lazy<byte[]>(() => JsonSerializer.SerializeToUtf8Bytes(_v2.Value));
        _v2Protobuf = new Lazy<byte[]>(() => OpenApiV2Protobuf.Encode(_v2.Value));
        _v3 = _byGroupVersion.ToDictionary(group => group.Key, group => new Lazy<byte[]>(() => MakeV3(group)), StringComparer.Ordinal);

        _v3Hashes = _byGroupVersion.ToDictionary(group => group.Key, HashOf, StringComparer.Ordinal);
        Hash = HashOf(resources);
    }

    /// <summary>Changes when any document changes; the documents' ETag.</summary>
    public string Hash { get; }

    public OpenApiDocument? Find(string path, string accept)
    {
        var etag = $"\"{Hash}\"";
        if (path == V2Path)
        {
            // kubectl 1.20 writes spec.v2@v1.0, later ones spec.v2.v1.0; both mean protobuf and understand no JSON.
            return accept.Contains("com.github.proto-openapi.spec.v2", StringComparison.Ordinal)
                ? new OpenApiDocument(V2Protobuf, V2ProtobufType, etag)
                : new OpenApiDocument(V2Json, Json, etag);
        }

        if (path is V3Path or V3Path + "/")
        {
            return new OpenApiDocument(V3Index(), Json, etag);
        }

        return path.StartsWith(V3Path + "/", StringComparison.Ordinal) && V3(path[(V3Path.Length + 1)..]) is { } document
            ? new OpenApiDocument(document, Json, $"\"{_v3Hashes[path[(V3Path.Length + 1)..]]}\"")
            : null;
    }

    public ReadOnlyMemory<byte> V2Json => _v2Json.Value;

    public ReadOnlyMemory<byte> V2Protobuf => _v2Protobuf.Value;

    /// <summary><c>/openapi/v3</c>: where each group-version's document is.</summary>
    public ReadOnlyMemory<byte> V3Index()
    {
        var paths = new JsonObject(_v3.Keys.Order(StringComparer.Ordinal).Select(path => KeyValuePair.Create<string, JsonNode?>(
            path, new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={_v3Hashes[path]}" })));
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["paths"] = paths });
    }

    /// <param name="path">As the index names it: <c>api/v1</c>, <c>apis/apps/v1</c>.</param>
    public ReadOnlyMemory<byte>? V3(string path) => _v3.TryGetValue(path, out var document) ? document.Value : null;

    private static string PathOf(ServedResource served) =>
        served.Resource.Group.Length == 0 ? $"api/{served.Resource.Version}" : $"apis/{served.Resource.ApiVersion}";

    /// <summary>Documents follow from the facts of this build and what is served, so these name one without making it.</summary>
    private static string HashOf(IEnumerable<ServedResource> resources)
    {
        var identity = new StringBuilder(typeof(ApiResource).Module.ModuleVersionId.ToString());
        foreach (var served in resources)
        {
            identity.Append(',').Append(served.OpenApiIdentity);
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(identity.ToString())));
    }

    private JsonObject MakeV2()
    {
        var definitions = new DefinitionSet(OpenApiDialect.V2);
        var paths = new PathSet(OpenApiDialect.V2, definitions);
        foreach (var resource in _resources)
        {
            paths.Add(resource);
        }

        return new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = Info(),
            ["paths"] = paths.Paths,
            ["definitions"] = definitions.Complete(),
        };
    }

    private byte[] MakeV3(IEnumerable<ServedResource> resources)
    {
        var definitions = new DefinitionSet(OpenApiDialect.V3);
        var paths = new PathSet(OpenApiDialect.V3, definitions);
        foreach (var resource in resources)
        {
            paths.Add(resource);
        }

        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = Info(),
            ["paths"] = paths.Paths,
            ["components"] = new JsonObject { ["schemas"] = definitions.Complete() },
        });
    }

    private JsonObject Info() => new() { ["title"] = _title, ["version"] = _version };
}
