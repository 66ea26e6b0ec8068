using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.InProcess;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Resources.Rules;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Verbs;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>The objects every cluster begins with. What exists is left alone, but for the address of the API itself.</summary>
internal sealed class BootstrapObjects(ApiCore core, CatalogueHolder resources, ClusterPki pki, IPNetwork serviceRange, IPEndPoint? advertised)
{
    private static readonly User Server = new("system:apiserver", [ClusterPki.MastersGroup]);

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        foreach (var name in (string[])["default", "kube-system", "kube-public", "kube-node-lease"])
        {
            await EnsureAsync(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = Named(name) }, cancellationToken);
        }

        foreach (var document in PriorityClasses())
        {
            await EnsureAsync(document, cancellationToken);
        }

        foreach (var document in FlowControlObjects.Make())
        {
            await EnsureAsync(document, cancellationToken);
        }

        await EnsureAsync(StandardClass(), cancellationToken);
        await EnsureAsync(MetricsService(), cancellationToken);
        await new RoleReconciler(new InProcessKubeClient(core, resources, Server)).EnsureAsync(cancellationToken);

        await EnsureCurrentAsync(AuthenticationOfExtensions(), "data", cancellationToken);
        await EnsureAsync(KubernetesService(), cancellationToken);
        if (advertised is not null)
        {
            await EnsureCurrentAsync(Endpoints(), "subsets", cancellationToken);
            await EnsureCurrentAsync(EndpointSlice(), "endpoints", cancellationToken);
        }
    }

    private static JsonObject Named(string name, string @namespace = "")
    {
        var metadata = new JsonObject { ["name"] = name };
        if (@namespace.Length > 0)
        {
            metadata["namespace"] = @namespace;
        }

        return metadata;
    }

    private static IEnumerable<JsonObject> PriorityClasses()
    {
        foreach (var (name, value, description) in ((string, long, string)[])
        [
            ("system-cluster-critical", 2_000_000_000, "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."),
            ("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
        ])
        {
            yield return new JsonObject
            {
                ["apiVersion"] = "scheduling.k8s.io/v1",
                ["kind"] = "PriorityClass",
                ["metadata"] = Named(name),
                ["value"] = value,
                ["description"] = description,
            };
        }
    }

    /// <summary>Served here, where clusters elsewhere register a metrics-server; whoever looks for that finds this.</summary>
    private static JsonObject MetricsService() => new()
    {
        ["apiVersion"] = "apiregistration.k8s.io/v1",
        ["kind"] = "APIService",
        ["metadata"] = Named("v1beta1.metrics.k8s.io"),
        ["spec"] = new JsonObject { ["group"] = "metrics.k8s.io", ["version"] = "v1beta1", ["groupPriorityMinimum"] = 100, ["versionPriority"] = 100 },
    };

    /// <summary>By what aggregated servers know their clients, and the proxy that speaks for those.</summary>
    private JsonObject AuthenticationOfExtensions() => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = Named("extension-apiserver-authentication", "kube-system"),
        ["data"] = new JsonObject
        {
            ["client-ca-file"] = pki.Authority.CertificatePem,
            ["requestheader-client-ca-file"] = pki.FrontProxyAuthority.CertificatePem,
            ["requestheader-allowed-names"] = $"[\"{ClusterPki.FrontProxyUser}\"]",
            ["requestheader-username-headers"] = "[\"X-Remote-User\"]",
            ["requestheader-uid-headers"] = "[\"X-Remote-Uid\"]",
            ["requestheader-group-headers"] = "[\"X-Remote-Group\"]",
            ["requestheader-extra-headers-prefix"] = "[\"X-Remote-Extra-\"]",
        },
    };

    /// <summary>What a claim gets that says nothing of its class.</summary>
    private static JsonObject StandardClass()
    {
        var metadata = Named("standard");
        metadata["annotations"] = new JsonObject { ["storageclass.kubernetes.io/is-default-class"] = "true" };
        return new JsonObject
        {
            ["apiVersion"] = "storage.k8s.io/v1",
            ["kind"] = "StorageClass",
            ["metadata"] = metadata,
            ["provisioner"] = "coxswain.dev/host-path",
            ["reclaimPolicy"] = "Delete",
            ["volumeBindingMode"] = "WaitForFirstConsumer",
            ["allowVolumeExpansion"] = true,
        };
    }

    private JsonObject KubernetesService()
    {
        var metadata = Named("kubernetes", "default");
        metadata["labels"] = new JsonObject { ["component"] = "apiserver", ["provider"] = "kubernetes" };
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject
            {
                ["type"] = "ClusterIP",
                ["clusterIP"] = AddressRange.FirstOf(serviceRange).ToString(),
                ["ports"] = new JsonArray(new JsonObject
                {
                    ["name"] = "https",
                    ["protocol"] = "TCP",
                    ["port"] = 443,
                    ["targetPort"] = (long)(advertised?.Port ?? 6443),
                }),
            },
        };
    }

    private JsonObject Endpoints()
    {
        var metadata = Named("kubernetes", "default");
        metadata["labels"] = new JsonObject { ["endpointslice.kubernetes.io/skip-mirror"] = "true" };
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Endpoints",
            ["metadata"] = metadata,
            ["subsets"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(new JsonObject { ["ip"] = Address }),
                ["ports"] = new JsonArray(Port()),
            }),
        };
    }

    private JsonObject EndpointSlice()
    {
        var metadata = Named("kubernetes", "default");
        metadata["labels"] = new JsonObject { ["kubernetes.io/service-name"] = "kubernetes" };
        return new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = metadata,
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(Address),
                ["conditions"] = new JsonObject { ["ready"] = true },
            }),
            ["ports"] = new JsonArray(Port()),
        };
    }

    private string Address => advertised!.Address.ToString(); // asked only when there is one

    private JsonObject Port() => new() { ["name"] = "https", ["port"] = (long)advertised!.Port, ["protocol"] = "TCP" };

    private async Task<bool> EnsureAsync(JsonObject document, CancellationToken cancellationToken)
    {
        try
        {
            await core.CreateAsync(Request(document, "create"), Decode(document), cancellationToken);
            return true;
        }
        catch (KubeStatusException exception) when (exception.Status.Reason == StatusReason.AlreadyExists)
        {
            return false;
        }
    }

    /// <summary>The server may have moved since it was last up.</summary>
    private async Task EnsureCurrentAsync(JsonObject document, string field, CancellationToken cancellationToken)
    {
        if (!await EnsureAsync(document, cancellationToken))
        {
            var change = new JsonObject { [field] = document[field]!.DeepClone(), ["ports"] = document["ports"]?.DeepClone() };
            var patch = ObjectPatch.Parse(Client.PatchType.Merge, Encoding.UTF8.GetBytes(change.ToJsonString()), FieldValidation.Ignore);
            await core.PatchAsync(Request(document, "patch"), _ => ValueTask.FromResult(patch), cancellationToken);
        }
    }

    private ApiRequest Request(JsonObject document, string verb)
    {
        var kind = new ObjectKind(document.Text("apiVersion"), document.Text("kind"));
        var resource = resources.Of(ApiResources.Find(kind)!); // all are built-in kinds
        return new ApiRequest(Server, verb, resource, document.Metadata().Text("namespace"), document.Metadata().Text("name"));
    }

    private static JsonObject Decode(JsonObject document) => ObjectDecoder.Decode(
        Encoding.UTF8.GetBytes(document.ToJsonString()), new ObjectKind(document.Text("apiVersion"), document.Text("kind")), FieldValidation.Strict).Document;
}
