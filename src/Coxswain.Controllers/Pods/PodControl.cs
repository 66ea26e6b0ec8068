using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Preconditions = Coxswain.Api.Meta.V1.Preconditions;

namespace Coxswain.Controllers.Pods;

/// <summary>
/// Makes and deletes the pods of one controller's owners, records both as Events of the owner, and knows which of it the
/// cache does not show yet.
/// </summary>
internal sealed class PodControl(IKubeClient client, EventRecorder events, TimeProvider time)
{
    public Expectations Expectations { get; } = new(time);

    /// <summary>Creates and deletes; what fails is recorded, and thrown when the rest is done.</summary>
    public async Task ApplyAsync(IKubeObject owner, IReadOnlyList<Pod> create, IReadOnlyList<Pod> delete, CancellationToken cancellationToken)
    {
        if (create.Count == 0 && delete.Count == 0)
        {
            return;
        }

        var uid = owner.Metadata.Uid;
        Expectations.Expect(uid, create.Count, delete.Select(pod => pod.Metadata.Uid));
        var creations = SlowStart.RunAsync(
            create.Count,
            i => CreateAsync(owner, create[i], cancellationToken),
            notStarted => Enumerable.Range(0, notStarted).ToList().ForEach(_ => Expectations.CreationSettled(uid)));
        await Task.WhenAll([creations, .. delete.Select(pod => DeleteAsync(owner, pod, cancellationToken))]);
    }

    /// <summary>To be told of every change of a pod.</summary>
    public void Observe(Pod? old, Pod? current)
    {
        if (old is null && current is { Metadata.DeletionTimestamp: null } && OwnerReferences.ControllerOf(current) is { } creator)
        {
            Expectations.CreationSettled(creator.Uid);
        }
        else if (old is not null && OwnerReferences.ControllerOf(old) is { } deleter
            && (current is null || current.Metadata.DeletionTimestamp is not null || current.Metadata.Uid != old.Metadata.Uid))
        {
            Expectations.DeletionSettled(deleter.Uid, old.Metadata.Uid);
        }
    }

    private async Task CreateAsync(IKubeObject owner, Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            var created = await client.CreateAsync(pod, cancellationToken);
            events.Normal(owner, "SuccessfulCreate", $"Created pod: {created.Metadata.Name}");
        }
        catch (Exception exception)
        {
            Expectations.CreationSettled(owner.Metadata.Uid);
            if (exception is not KubeStatusException { IsNamespaceTerminating: true } and not OperationCanceledException)
            {
                events.Warning(owner, "FailedCreate", $"Error creating: {exception.Message}");
            }

            throw;
        }
    }

    private async Task DeleteAsync(IKubeObject owner, Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            var options = DeleteOptions.Empty with { Preconditions = new Preconditions { Uid = pod.Metadata.Uid } };
            await client.DeleteAsync<Pod>(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellationToken);
            events.Normal(owner, "SuccessfulDelete", $"Deleted pod: {pod.Metadata.Name}");
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            Expectations.DeletionSettled(owner.Metadata.Uid, pod.Metadata.Uid);
        }
        catch (Exception exception)
        {
            Expectations.DeletionSettled(owner.Metadata.Uid, pod.Metadata.Uid);
            if (exception is not OperationCanceledException)
            {
                events.Warning(owner, "FailedDelete", $"Error deleting: {exception.Message}");
            }

            throw;
        }
    }
}
