using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>Ingresses of extensions/v1beta1 and networking.k8s.io/v1beta1: a backend names its Service flat, by name and port.</summary>
internal sealed class IngressBetaConverter : IVersionConverter
{
    public JsonObject ToStored(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        spec.Move("backend", "defaultBackend");
        ToStoredBackend(spec.Object("defaultBackend"));
        foreach (var path in Paths(spec))
        {
            if (path.Text("pathType").Length == 0)
            {
                path["pathType"] = "ImplementationSpecific";
            }

            ToStoredBackend(path.Object("backend"));
        }

        return document;
    }

    public JsonObject FromStored(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        FromStoredBackend(spec.Object("defaultBackend"));
        spec.Move("defaultBackend", "backend");
        foreach (var path in Paths(spec))
        {
            FromStoredBackend(path.Object("backend"));
        }

        return document;
    }

    private static IEnumerable<JsonObject> Paths(JsonObject spec) => (spec.Array("rules") ?? []).OfType<JsonObject>()
        .SelectMany(rule => rule.Object("http")?.Array("paths") ?? []).OfType<JsonObject>();

    private static void ToStoredBackend(JsonObject? backend)
    {
        if (backend is null || (!backend.ContainsKey("serviceName") && !backend.ContainsKey("servicePort")))
        {
            return;
        }

        var service = new JsonObject();
        backend.MoveTo("serviceName", service, "name");
        if (backend["servicePort"] is { } port)
        {
            service["port"] = new JsonObject { [port.TryInteger(out _) ? "number" : "name"] = port.DeepClone() };
        }

        backend.Remove("servicePort");
        backend["service"] = service;
    }

    private static void FromStoredBackend(JsonObject? backend)
    {
        if (backend?.Object("service") is not { } service)
        {
            return;
        }

        backend.Remove("service");
        service.MoveTo("name", backend, "serviceName");
        if (service.Object("port") is { } port && (port["number"] ?? port["name"]) is { } value)
        {
            backend["servicePort"] = value.DeepClone();
        }
    }
}
