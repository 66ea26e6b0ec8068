using System.Text.Json.Nodes;
using Coxswain.Api.Errors;

namespace Coxswain.Api.Patch;

/// <summary>JSON Patch (RFC 6902).</summary>
public static class JsonPatch
{
    /// <summary>More operations than this are refused, as by Kubernetes.</summary>
    public const int MaxOperations = 10_000;

    /// <summary>What the copy operations of one patch may add up to, as in Kubernetes.</summary>
    public const int MaxCopiedBytes = 3 * 1024 * 1024;

    /// <summary>
    /// How many values the operations of one patch may walk over or push aside; each alone may be as large as the
    /// object.
    /// </summary>
    public const int MaxSteps = 20_000_000;

    /// <summary>The target with every operation applied, in order; the target itself is not changed.</summary>
    /// <exception cref="KubeStatusException">An operation is malformed (400) or does not fit the object (422).</exception>
    public static JsonNode? Apply(JsonNode target, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
        {
            throw PatchError.Malformed("error decoding patch: a JSON patch is an array of operations");
        }

        if (operations.Count > MaxOperations)
        {
            throw new KubeStatusException(Statuses.RequestEntityTooLarge(
                $"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}"));
        }

        var run = new JsonPatchRun(target);
        for (var i = 0; i < operations.Count; i++)
        {
            run.Apply(
                operations[i] as JsonObject ?? throw PatchError.Malformed(
                    $"error decoding patch: operation {i} is not an object"));
        }

        return run.Finish();
    }
}
