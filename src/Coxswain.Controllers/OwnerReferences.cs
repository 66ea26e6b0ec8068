using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.Controllers;

/// <summary>Who owns whom.</summary>
internal static class OwnerReferences
{
    public static OwnerReference? ControllerOf(IKubeObject obj)
    {
        foreach (var owner in obj.Metadata.OwnerReferences)
        {
            if (owner.Controller == true)
            {
                return owner;
            }
        }

        return null;
    }

    public static bool IsControlledBy(IKubeObject obj, string uid) => ControllerOf(obj)?.Uid == uid;

    public static OwnerReference ToController(IKubeObject owner) => new()
    {
        ApiVersion = owner.Kind.ApiVersion,
        Kind = owner.Kind.Kind,
        Name = owner.Metadata.Name,
        Uid = owner.Metadata.Uid,
        Controller = true,
        BlockOwnerDeletion = true,
    };

    /// <summary>A patch that replaces the references, provided that nobody has changed the object since.</summary>
    /// <param name="finalizers">Null to leave them as they are.</param>
    public static KubePatch Patch(ObjectMeta of, IEnumerable<OwnerReference> references, IEnumerable<string>? finalizers = null)
    {
        var document = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["uid"] = of.Uid,
                ["resourceVersion"] = of.ResourceVersion,
                ["ownerReferences"] = new JsonArray([.. references.Select(reference => JsonNode.Parse(KubeJson.Serialize(reference)))]),
            },
        };
        if (finalizers is not null && !finalizers.SequenceEqual(of.Finalizers))
        {
            document["metadata"]!["finalizers"] = new JsonArray([.. finalizers.Select(finalizer => JsonValue.Create(finalizer))]);
        }

        return KubePatch.Merge(document);
    }
}
