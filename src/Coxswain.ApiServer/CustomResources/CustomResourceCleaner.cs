using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Resources.Rules;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Verbs;
using Coxswain.Store;
using Microsoft.Extensions.Logging;
using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.CustomResources;

/// <summary>
/// Deletes every object of a definition that is being deleted, waits until those that finalizers hold are gone too, and
/// lets the definition go.
/// </summary>
/// <param name="deleter">One that asks nobody: what a webhook thinks of it does not keep a definition for ever.</param>
internal sealed partial class CustomResourceCleaner(
    IStore store, DefinitionWriter writer, ObjectDeleter deleter, TimeProvider time, ILogger<CustomResourceCleaner> logger)
{
    /// <summary>How many objects are deleted at once, so that they share commits and leave others room.</summary>
    private const int DeleteWindow = 64;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    private static readonly User Server = new("system:apiserver", [ClusterPki.MastersGroup]);

    /// <summary>Returns when the definition is let go of, or was by somebody else.</summary>
    /// <param name="resource">Of the objects; null when they were never served, and so there are none.</param>
    public async Task RunAsync(string name, ServedResource? resource, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await SayAsync(name, true, "InstanceDeletionInProgress", "CustomResource deletion is in progress", cancellationToken);
                if (resource is not null)
                {
                    await EmptyAsync(resource, cancellationToken);
                }

                if (await LetGoAsync(name, cancellationToken))
                {
                    return;
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.CleaningFailed(logger, exception, name);
                await Task.Delay(RetryAfter, time, cancellationToken);
            }
        }
    }

    private async Task EmptyAsync(ServedResource resource, CancellationToken cancellationToken)
    {
        while (true)
        {
            var list = await store.ListAsync(new ListQuery(resource.KeyPrefix), cancellationToken);
            if (list.Entries.Count == 0)
            {
                return;
            }

            var watch = await store.WatchAsync(resource.KeyPrefix, list.Revision, cancellationToken);
            if (watch.Watcher is not { } watcher)
            {
                continue;
            }

            await using (watcher)
            {
                foreach (var window in list.Entries.Where(entry => StoredObject.Of(entry).Metadata.DeletionTimestamp is null).Chunk(DeleteWindow))
                {
                    await Task.WhenAll(window.Select(entry => DeleteAsync(resource, entry, cancellationToken)));
                }

                await watcher.ReadAsync(cancellationToken);
            }
        }
    }

    private async Task DeleteAsync(ServedResource resource, StoreEntry entry, CancellationToken cancellationToken)
    {
        var metadata = StoredObject.Of(entry).Metadata;
        var request = new ApiRequest(Server, "delete", resource.Storage, metadata.Namespace, metadata.Name);
        try
        {
            await deleter.DeleteAsync(request, new DeleteOptions { PropagationPolicy = "Background" }, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            // Somebody else deleted it first.
        }
    }

    private async ValueTask SayAsync(string name, bool isTrue, string reason, string message, CancellationToken cancellationToken)
    {
        if (await writer.ReadAsync(name, cancellationToken) is { } definition)
        {
            DefinitionConditions.Set(definition, DefinitionConditions.Terminating, isTrue, reason, message, KubeTime.Format(time.GetUtcNow()));
            await writer.WriteAsync(definition, "status", cancellationToken);
        }
    }

    /// <returns>Whether nothing is left to be done.</returns>
    private async ValueTask<bool> LetGoAsync(string name, CancellationToken cancellationToken)
    {
        if (await writer.ReadAsync(name, cancellationToken) is not { } definition)
        {
            return true;
        }

        var metadata = definition.Metadata();
        var finalizers = metadata["finalizers"].Texts().ToList();
        if (metadata.Text("deletionTimestamp").Length == 0 || !finalizers.Remove(CustomResourceDefinitionRules.CleanupFinalizer))
        {
            return true;
        }

        metadata["finalizers"] = new JsonArray([.. finalizers.Select(finalizer => JsonValue.Create(finalizer))]);
        return await writer.WriteAsync(definition, "", cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The objects of {Definition} are not all deleted yet, and will be tried again")]
        public static partial void CleaningFailed(ILogger logger, Exception exception, string definition);
    }
}
