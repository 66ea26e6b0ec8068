using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Client;

namespace Coxswain.Node.Pods;

/// <summary>Writes one pod's status to the API server, as a patch of what changed at the top level.</summary>
internal sealed class PodStatusWriter(IKubeClient client, PodStatus written)
{
    private JsonObject _written = Document(written);

    /// <summary>A pod that is gone, or is another one of the same name, is success. Not for concurrent use.</summary>
    public async Task WriteAsync(Pod pod, PodStatus status, CancellationToken cancellationToken)
    {
        var document = Document(status);
        var patch = (JsonObject)document.DeepClone();
        foreach (var (name, _) in _written)
        {
            if (!patch.ContainsKey(name))
            {
                patch[name] = null; // A merge patch removes what it says is null.
            }
        }

        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid },
            ["status"] = patch,
        };
        try
        {
            await client.PatchStatusAsync<Pod>(
                pod.Metadata.Namespace, pod.Metadata.Name,
                new KubePatch(PatchType.Merge, Encoding.UTF8.GetBytes(body.ToJsonString())), cancellationToken);
            _written = document;
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Whoever deleted it does not want to know.
        }
    }

    private static JsonObject Document(PodStatus status) => (JsonObject)JsonNode.Parse(KubeJson.Serialize(status))!; // A status is an object.
}
