using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Patch;

/// <summary>
/// Strategic merge patch: a merge patch that knows the type, so that lists merge by their items' keys. See
/// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/.
/// </summary>
public static class StrategicMergePatch
{
    /// <summary>The target with the patch applied; neither is changed.</summary>
    /// <exception cref="KubeStatusException">The patch is malformed (400).</exception>
    public static JsonObject Apply(JsonObject target, JsonNode? patch, Schema schema)
    {
        if (patch is not JsonObject changes)
        {
            throw PatchError.Malformed("error decoding patch: a strategic merge patch is an object");
        }

        return StrategicMerge.MergeObject(target, changes, schema);
    }
}
