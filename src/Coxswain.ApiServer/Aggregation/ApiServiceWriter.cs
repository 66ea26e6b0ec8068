using System.Text.Json.Nodes;
using Coxswain.Api.ApiRegistration.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Verbs;
using Coxswain.Store;

namespace Coxswain.ApiServer.Aggregation;

/// <summary>Writes the Available condition of APIServices, as the server, when it changes.</summary>
internal sealed class ApiServiceWriter(IStore store, ApiCore core, CatalogueHolder catalogue, TimeProvider time)
{
    private static readonly User Server = new("system:apiserver", [ClusterPki.MastersGroup]);

    public static string Prefix => "/registry/apiregistration.k8s.io/apiservices/";

    public async ValueTask SayAsync(string name, ProbeResult result, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(Prefix + name, cancellationToken) is not { } entry)
        {
            return;
        }

        var document = Document.DecodeWithVersion(entry.Value, entry.ModRevision);
        var conditions = document.ObjectOrNew("status").Items("conditions");
        var wanted = result.IsAvailable ? "True" : "False";
        var condition = conditions.OfType<JsonObject>().FirstOrDefault(item => item.Text("type") == "Available");
        if (condition?.Text("status") == wanted && condition.Text("reason") == result.Reason && condition.Text("message") == result.Message)
        {
            return;
        }

        if (condition is null)
        {
            conditions.Add(condition = new JsonObject { ["type"] = "Available" });
        }

        if (condition.Text("status") != wanted)
        {
            condition["lastTransitionTime"] = KubeTime.Format(time.GetUtcNow());
        }

        condition["status"] = wanted;
        condition["reason"] = result.Reason;
        condition["message"] = result.Message;
        try
        {
            var request = new ApiRequest(Server, "update", catalogue.Of<APIService>(), "", name) { Subresource = "status" };
            await core.UpdateAsync(request, new DocumentBody(document), cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsConflict || exception.IsNotFound)
        {
            // The next look writes what is so then.
        }
    }
}
