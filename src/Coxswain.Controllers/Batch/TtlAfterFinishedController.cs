using Coxswain.Api.Batch.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Batch;

/// <summary>
/// Deletes Jobs, with their pods, when their time after the end is over
/// (https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/).
/// </summary>
internal sealed class TtlAfterFinishedController : KeyedController
{
    private const string OwnName = "ttl-after-finished-controller";

    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly Informer<Job> _jobs;

    public TtlAfterFinishedController(ControllerContext context)
        : base(OwnName, context)
    {
        _client = context.ClientFor(OwnName);
        _time = context.Time;
        _jobs = context.Informers.Of<Job>();
    }

    protected override IReadOnlyList<IInformer> Inputs => [_jobs];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_jobs.Get(key) is not { } cached || Left(cached) is not { } left)
        {
            return Requeue.Never;
        }

        if (left > TimeSpan.Zero)
        {
            return Requeue.In(left);
        }

        // Asked anew: somebody may have given it more time.
        if (await _client.FindAsync<Job>(key.Namespace, key.Name, cancellationToken) is { } job
            && job.Metadata.Uid == cached.Metadata.Uid && Left(job) <= TimeSpan.Zero)
        {
            var options = DeleteOptions.Empty with
            {
                PropagationPolicy = "Foreground",
                Preconditions = new Preconditions { Uid = job.Metadata.Uid, ResourceVersion = job.Metadata.ResourceVersion },
            };
            try
            {
                await _client.DeleteAsync<Job>(key.Namespace, key.Name, options, cancellationToken);
            }
            catch (KubeStatusException exception) when (exception.IsNotFound)
            {
                // Somebody was faster.
            }
        }

        return Requeue.Never;
    }

    protected override void Subscribe() => _jobs.OnChange((_, current) =>
    {
        if (current is { Spec.TtlSecondsAfterFinished: not null, Metadata.DeletionTimestamp: null })
        {
            Queue.Add(NamespacedName.Of(current));
        }
    });

    /// <summary>How long the Job is still kept; null while nothing says that it is to go.</summary>
    private TimeSpan? Left(Job job) =>
        job.Metadata.DeletionTimestamp is null && job.Spec.TtlSecondsAfterFinished is { } seconds
        && JobConditions.FinishOf(job)?.LastTransitionTime is { } finished
            ? finished + TimeSpan.FromSeconds(seconds) - _time.GetUtcNow()
            : null;
}
