using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>certificates.k8s.io/v1beta1 need not say who signs and for what use; the answer follows from what was usual.</summary>
internal sealed class CertificateRequestBetaConverter : IVersionConverter
{
    private static readonly string[] ClientUsages = ["client auth", "digital signature", "key encipherment"];
    private static readonly string[] ServingUsages = ["digital signature", "key encipherment", "server auth"];

    public JsonObject ToStored(JsonObject document)
    {
        if (document.Object("spec") is { } spec)
        {
            if (spec.Array("usages") is not { Count: > 0 })
            {
                spec["usages"] = new JsonArray("digital signature", "key encipherment");
            }

            if (spec.Text("signerName").Length == 0)
            {
                spec["signerName"] = SignerOf(spec);
            }
        }

        foreach (var condition in (document.Object("status")?.Array("conditions") ?? []).OfType<JsonObject>())
        {
            condition["status"] ??= "True";
        }

        return document;
    }

    public JsonObject FromStored(JsonObject document) => document;

    private static string SignerOf(JsonObject spec)
    {
        var usages = spec["usages"].Texts().Order(StringComparer.Ordinal).ToList();
        var isNode = spec.Text("username").StartsWith("system:node:", StringComparison.Ordinal) || spec["groups"].Texts().Contains("system:bootstrappers");
        return isNode && usages.SequenceEqual(ClientUsages) ? "kubernetes.io/kube-apiserver-client-kubelet"
            : isNode && usages.SequenceEqual(ServingUsages) ? "kubernetes.io/kubelet-serving"
            : "kubernetes.io/legacy-unknown";
    }
}
