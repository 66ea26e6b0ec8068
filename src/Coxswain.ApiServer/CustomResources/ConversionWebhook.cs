using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Webhooks;

namespace Coxswain.ApiServer.CustomResources;

/// <summary>Asks a webhook to convert objects between versions (ConversionReview).</summary>
internal sealed class ConversionWebhook(WebhookClient client, JsonObject configuration, IdentitySource identities)
{
    /// <summary>How many objects go into one request; a list of thousands is asked for in pieces.</summary>
    private const int MostObjects = 500;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>What a webhook may change of an object's metadata.</summary>
    private static readonly string[] Changeable = ["labels", "annotations"];

    private readonly string _apiVersion =
        "apiextensions.k8s.io/" + (configuration["conversionReviewVersions"].Texts().FirstOrDefault(version => version is "v1" or "v1beta1") ?? "v1");

    private readonly WebhookTarget _target = WebhookTarget.Of(configuration.ObjectOrNew("clientConfig"));

    /// <exception cref="KubeStatusException">The webhook could not be asked, or its answer is of no use.</exception>
    public async ValueTask<IReadOnlyList<JsonObject>> ConvertAsync(
        IReadOnlyList<JsonObject> documents, ObjectKind kind, CancellationToken cancellationToken)
    {
        var converted = new List<JsonObject>(documents.Count);
        foreach (var chunk in documents.Chunk(MostObjects))
        {
            try
            {
                converted.AddRange(await AskAsync(chunk, kind, cancellationToken));
            }
            catch (WebhookException exception)
            {
                throw new KubeStatusException(Statuses.InternalError($"conversion webhook for {kind.ApiVersion}, Kind={kind.Kind} failed: {exception.Message}"));
            }
        }

        return converted;
    }

    private async ValueTask<IEnumerable<JsonObject>> AskAsync(JsonObject[] documents, ObjectKind kind, CancellationToken cancellationToken)
    {
        var uid = identities.NewUid();
        var review = new JsonObject
        {
            ["kind"] = "ConversionReview",
            ["apiVersion"] = _apiVersion,
            ["request"] = new JsonObject
            {
                ["uid"] = uid,
                ["desiredAPIVersion"] = kind.ApiVersion,
                ["objects"] = new JsonArray([.. documents.Select(document => document.DeepClone())]),
            },
        };
        var answer = await client.CallAsync(_target, review, Timeout, cancellationToken);
        var response = answer.Object("response") ?? throw new WebhookException("the answer has no response");
        if (response.Text("uid") != uid)
        {
            throw new WebhookException($"expected response.uid={uid}, got {response.Text("uid")}");
        }

        if (response.Object("result") is not { } result || result.Text("status") != "Success")
        {
            throw new WebhookException(response.Object("result")?.Text("message") is { Length: > 0 } message ? message : "the answer says no more than that");
        }

        var objects = (response.Array("convertedObjects") ?? []).OfType<JsonObject>().ToList();
        return objects.Count == documents.Length
            ? documents.Zip(objects, (before, after) => Check(before, after, kind)).ToList()
            : throw new WebhookException($"returned {objects.Count} objects, expected {documents.Length}");
    }

    /// <summary>An object stays the one it was: what identifies it is its own, whatever the webhook made of it.</summary>
    private static JsonObject Check(JsonObject before, JsonObject after, ObjectKind kind)
    {
        if (after.Text("apiVersion") != kind.ApiVersion || after.Text("kind") != kind.Kind)
        {
            throw new WebhookException($"returned {after.Text("apiVersion")}, Kind={after.Text("kind")}, expected {kind}");
        }

        var returned = after.Metadata();
        var metadata = before.Metadata();
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid"])
        {
            if (returned.Text(name) != metadata.Text(name))
            {
                throw new WebhookException($"metadata.{name} was changed");
            }
        }

        var kept = (JsonObject)metadata.DeepClone();
        foreach (var name in Changeable)
        {
            kept.Take(name, returned);
        }

        var document = (JsonObject)after.DeepClone();
        document["metadata"] = kept;
        return document;
    }
}
