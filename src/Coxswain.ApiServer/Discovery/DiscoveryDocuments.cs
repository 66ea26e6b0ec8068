using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Discovery;

/// <summary>What is served, in the forms clients ask for: group lists, resource lists, and all of it at once.</summary>
internal sealed class DiscoveryDocuments
{
    private readonly Dictionary<string, byte[]> _plain = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Path, string Version), DiscoveryDocument> _aggregated = [];

    public DiscoveryDocuments(Catalogue catalogue, string serverAddress)
    {
        var own = catalogue.All.Select(served => served.Resource).GroupBy(resource => (resource.Group, resource.Version))
            .Select(list => new VersionList(list.Key.Group, list.Key.Version, [.. list], IsStale: false)).ToList();
        foreach (var list in own)
        {
            var path = list.Group.Length == 0 ? $"/api/{list.Version}" : $"/apis/{list.Group}/{list.Version}";
            _plain[path] = Bytes(ResourceList(list.Resources[0].ApiVersion, list.Resources));
        }

        // What other servers serve is listed here; its own path is theirs to answer.
        var byVersion = own.Concat(catalogue.Remote.Select(remote => new VersionList(remote.Group, remote.Version, remote.Resources, remote.IsStale)))
            .OrderBy(list => list.Group, StringComparer.Ordinal).ThenBy(list => list.Version, ApiVersionOrder.Instance).ToList();
        var groups = byVersion.GroupBy(list => list.Group).Where(named => named.Key.Length > 0)
            .OrderBy(named => GroupOrder(named.Key)).ThenBy(named => named.Key, StringComparer.Ordinal).ToList();
        _plain["/api"] = Bytes(new JsonObject
        {
            ["kind"] = "APIVersions",
            ["versions"] = new JsonArray("v1"),
            ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = serverAddress }),
        });
        _plain["/apis"] = Bytes(new JsonObject
        {
            ["kind"] = "APIGroupList",
            ["apiVersion"] = "v1",
            ["groups"] = new JsonArray([.. groups.Select(named => Group(named.Key, [.. named.Select(list => list.Version)]))]),
        });
        foreach (var named in groups)
        {
            var document = Group(named.Key, [.. named.Select(list => list.Version)]);
            document["kind"] = "APIGroup";
            document["apiVersion"] = "v1";
            _plain[$"/apis/{named.Key}"] = Bytes(document);
        }

        foreach (var version in (string[])["v2", "v2beta1"])
        {
            _aggregated[("/api", version)] = Aggregated(version, byVersion.Where(list => list.Group.Length == 0).GroupBy(list => ""));
            _aggregated[("/apis", version)] = Aggregated(version, groups);
        }
    }

    public IEnumerable<string> Paths => _plain.Keys;

    /// <summary>Null for a path that is not discovery.</summary>
    public byte[]? FindPlain(string path) => _plain.GetValueOrDefault(path);

    /// <param name="version">v2 or v2beta1.</param>
    public DiscoveryDocument? FindAggregated(string path, string version) => _aggregated.GetValueOrDefault((path, version));

    /// <summary>Groups that share kinds with older ones come later, so that kubectl prefers those.</summary>
    private static int GroupOrder(string apiGroup) => apiGroup switch
    {
        "apiregistration.k8s.io" => 0,
        "apps" => 1,
        "events.k8s.io" => 2,
        "authentication.k8s.io" => 3,
        "authorization.k8s.io" => 4,
        "autoscaling" => 5,
        "batch" => 6,
        "extensions" => 8,
        _ => 7,
    };

    private static JsonObject Group(string name, IReadOnlyList<string> versions)
    {
        var all = versions.Select(version => new JsonObject { ["groupVersion"] = $"{name}/{version}", ["version"] = version }).ToArray<JsonNode>();
        return new JsonObject { ["name"] = name, ["versions"] = new JsonArray(all), ["preferredVersion"] = all[0].DeepClone() };
    }

    private static JsonObject ResourceList(string apiVersion, IEnumerable<ApiResource> resources)
    {
        var items = new JsonArray();
        foreach (var resource in resources)
        {
            var item = new JsonObject
            {
                ["name"] = resource.Plural,
                ["singularName"] = resource.Singular,
                ["namespaced"] = resource.Namespaced,
                ["kind"] = resource.Kind,
                ["verbs"] = Texts(resource.Verbs),
            };
            AddTexts(item, "shortNames", resource.ShortNames);
            AddTexts(item, "categories", resource.Categories);
            if (resource.Verbs.Contains("list"))
            {
                item["storageVersionHash"] = Convert.ToBase64String(
                    SHA256.HashData(Encoding.UTF8.GetBytes($"{resource.Group}/{resource.Version}/{resource.Kind}")).AsSpan(0, 8));
            }

            items.Add(item);
            foreach (var subresource in resource.Subresources)
            {
                var (apiGroup, version) = KindPlace(subresource);
                var sub = new JsonObject
                {
                    ["name"] = $"{resource.Plural}/{subresource.Name}",
                    ["singularName"] = "",
                    ["namespaced"] = resource.Namespaced,
                    ["kind"] = subresource.Kind,
                    ["verbs"] = Texts(subresource.Verbs),
                };
                if (version is not null)
                {
                    sub["group"] = apiGroup;
                    sub["version"] = version;
                }

                items.Add(sub);
            }
        }

        return new JsonObject { ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = apiVersion, ["resources"] = items };
    }

    /// <summary>The facts come from a time when evictions were policy/v1beta1.</summary>
    private static (string? Group, string? Version) KindPlace(ApiSubresource subresource) =>
        subresource.Kind == "Eviction" ? ("policy", "v1") : (subresource.Group, subresource.Version);

    private static DiscoveryDocument Aggregated(string version, IEnumerable<IGrouping<string, VersionList>> groups)
    {
        var items = new JsonArray();
        foreach (var named in groups)
        {
            var versions = new JsonArray();
            foreach (var list in named)
            {
                versions.Add(new JsonObject
                {
                    ["version"] = list.Version,
                    ["freshness"] = list.IsStale ? "Stale" : "Current",
                    ["resources"] = new JsonArray([.. list.Resources.Select(resource => AggregatedResource(resource))]),
                });
            }

            var metadata = new JsonObject();
            if (named.Key.Length > 0)
            {
                metadata["name"] = named.Key;
            }

            items.Add(new JsonObject { ["metadata"] = metadata, ["versions"] = versions });
        }

        var bytes = Bytes(new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = $"apidiscovery.k8s.io/{version}",
            ["metadata"] = new JsonObject(),
            ["items"] = items,
        });
        return new DiscoveryDocument(bytes, $"\"{Convert.ToHexString(SHA512.HashData(bytes))}\"");
    }

    private static JsonObject AggregatedResource(ApiResource resource)
    {
        var item = new JsonObject
        {
            ["resource"] = resource.Plural,
            ["responseKind"] = Kind(resource.Group, resource.Version, resource.Kind),
            ["scope"] = resource.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = resource.Singular,
            ["verbs"] = Texts(resource.Verbs),
        };
        AddTexts(item, "shortNames", resource.ShortNames);
        AddTexts(item, "categories", resource.Categories);
        if (resource.Subresources.Count > 0)
        {
            item["subresources"] = new JsonArray([.. resource.Subresources.Select(subresource =>
            {
                var (apiGroup, version) = KindPlace(subresource);
                return new JsonObject
                {
                    ["subresource"] = subresource.Name,
                    ["responseKind"] = Kind(apiGroup ?? resource.Group, version ?? resource.Version, subresource.Kind),
                    ["verbs"] = Texts(subresource.Verbs),
                };
            })]);
        }

        return item;
    }

    private static JsonObject Kind(string apiGroup, string version, string kind) =>
        new() { ["group"] = apiGroup, ["version"] = version, ["kind"] = kind };

    private static void AddTexts(JsonObject item, string name, IReadOnlyList<string> texts)
    {
        if (texts.Count > 0)
        {
            item[name] = Texts(texts);
        }
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    private sealed record VersionList(string Group, string Version, IReadOnlyList<ApiResource> Resources, bool IsStale);

    private static byte[] Bytes(JsonObject document) => Encoding.UTF8.GetBytes(document.ToJsonString());
}

/// <summary>A document and the entity tag by which clients keep it.</summary>
internal sealed record DiscoveryDocument(byte[] Bytes, string ETag);
