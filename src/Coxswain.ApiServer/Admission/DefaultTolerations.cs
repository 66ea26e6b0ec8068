using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Admission;

/// <summary>A Pod that says nothing stays five minutes on a node that is not ready or cannot be reached.</summary>
internal sealed class DefaultTolerations : IAdmissionPlugin
{
    private const long Seconds = 300;

    public ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Operation == AdmissionOperation.Create && context.Is("", "pods") && context.Document is { } pod)
        {
            var changed = false;
            var tolerations = pod.ObjectOrNew("spec").Items("tolerations");
            foreach (var taint in (ReadOnlySpan<string>)["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
            {
                if (!Tolerates(tolerations, taint))
                {
                    tolerations.Add(new JsonObject
                    {
                        ["key"] = taint,
                        ["operator"] = "Exists",
                        ["effect"] = "NoExecute",
                        ["tolerationSeconds"] = Seconds,
                    });
                    changed = true;
                }
            }

            return ValueTask.FromResult(changed);
        }

        return ValueTask.FromResult(false);
    }

    private static bool Tolerates(JsonArray tolerations, string taint)
    {
        foreach (var toleration in tolerations.OfType<JsonObject>())
        {
            var key = toleration.Text("key");
            if ((key == taint || (key.Length == 0 && toleration.Text("operator") == "Exists")) && toleration.Text("effect") is ("" or "NoExecute"))
            {
                return true;
            }
        }

        return false;
    }
}
