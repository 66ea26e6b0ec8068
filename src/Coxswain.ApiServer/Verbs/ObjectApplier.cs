using System.Text.Json.Nodes;
using Coxswain.Api.Apply;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Verbs;

/// <summary>
/// Applies configurations: what a client says of an object is merged into it and owned by the client, and what it said before and
/// does not say any more is removed unless somebody else owns it. Creates what is not there.
/// </summary>
internal sealed class ObjectApplier(ObjectUpdater updater, ObjectCreator creator, FieldTracker fields)
{
    /// <summary>How often an object may come or go while it is applied.</summary>
    private const int MostAttempts = 5;

    /// <param name="configuration">Of the version asked for, decoded and without defaults; not changed.</param>
    /// <param name="authorizeCreateAsync">Asked before the object is created.</param>
    /// <returns>The entry, and whether it is new.</returns>
    public async ValueTask<(StoreEntry Entry, bool IsNew)> ApplyAsync(
        ApiRequest request, JsonObject configuration, Func<ApiRequest, CancellationToken, ValueTask> authorizeCreateAsync, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await updater.UpdateAsync(
                    request, (current, managed, token) => AppliedAsync(request, configuration, current, managed, token), isAdmitted: false, cancellationToken), false);
            }
            catch (KubeStatusException exception) when (exception.Status.Reason == StatusReason.NotFound && request.Subresource.Length == 0 && attempt < MostAttempts)
            {
                if (await updater.ExistsAsync(request, cancellationToken))
                {
                    throw; // what was not found is something else that the write needs
                }

                var create = request with { Verb = "create" };
                await authorizeCreateAsync(create, cancellationToken);
                if (await TryCreateAsync(create, configuration, cancellationToken) is { } created)
                {
                    return (created, true);
                }
            }
        }
    }

    /// <summary>Applies what a subresource with a kind of its own says of the object behind it, and creates nothing.</summary>
    /// <param name="admit">Admission of the write in the form it was asked in: from what stands and what is to be, what is written.</param>
    public ValueTask<StoreEntry> ApplyToSubresourceAsync(
        ApiRequest request, JsonObject configuration, Func<JsonObject, JsonObject, CancellationToken, ValueTask<JsonObject>> admit,
        CancellationToken cancellationToken) => updater.UpdateAsync(
        request,
        async (current, managed, token) =>
        {
            var old = (JsonObject)current.DeepClone();
            var applied = await AppliedAsync(request, configuration, current, managed, token);
            return applied with { Document = await admit(old, applied.Document, token) };
        },
        isAdmitted: true,
        cancellationToken);

    private async ValueTask<Change> AppliedAsync(
        ApiRequest request, JsonObject configuration, JsonObject current, ManagedFields managed, CancellationToken cancellationToken)
    {
        var asked = request.Resource;
        var result = fields.Apply(request, managed, await asked.FromStoredAsync(current, cancellationToken), configuration);
        return new Change(await WriteSteps.ToStoredAsync(request, result.Document!, cancellationToken), result.Managed); // there is one where nothing is thrown
    }

    /// <summary>Null when somebody else created it first.</summary>
    private async ValueTask<StoreEntry?> TryCreateAsync(ApiRequest request, JsonObject configuration, CancellationToken cancellationToken)
    {
        if (configuration.Metadata().Text("uid") is { Length: > 0 } uid)
        {
            throw new KubeStatusException(Statuses.Conflict(request.Resource.QualifiedName, request.Name,
                $"uid mismatch: the provided object specified uid {uid}, and no existing object was found"));
        }

        var result = fields.Apply(request, ManagedFields.None, [], configuration);
        var document = await WriteSteps.ToStoredAsync(request, result.Document!, cancellationToken); // there is one where nothing is thrown
        document.Metadata().TryAdd("name", request.Name);
        try
        {
            return await creator.CreateAsync(request, document, result.Managed, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.Status.Reason == StatusReason.AlreadyExists)
        {
            return null;
        }
    }
}
