using System.Text.Json.Nodes;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Coxswain.Controllers.Pods;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers.Batch;

/// <summary>
/// Runs Jobs: pods until enough have succeeded, each counted exactly once, which its finalizer warrants
/// (https://kubernetes.io/docs/concepts/workloads/controllers/job/).
/// </summary>
internal sealed class JobController : KeyedController
{
    private const string OwnName = "job-controller";

    /// <summary>Pods that nobody owns any more are looked for under a name that no Job can have.</summary>
    private const string OfNobody = "";

    private const string TrackedIndex = "jobTracked";

    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly Informer<Job> _jobs;
    private readonly Informer<Pod> _pods;
    private readonly OwnedObjects<Job, Pod> _own;
    private readonly PodControl _control;
    private readonly EventRecorder _events;
    private readonly JobVersions _written = new();

    public JobController(ControllerContext context)
        : base(OwnName, context, workers: 8)
    {
        _client = context.ClientFor(OwnName);
        _time = context.Time;
        _jobs = context.Informers.Of<Job>();
        _pods = context.Informers.Of<Pod>().WithOrphans();
        _pods.AddIndex(TrackedIndex, pod => JobPods.IsTracked(pod) ? [TrackedKey(pod)] : []);
        _events = context.Events.RecorderFor(OwnName);
        _own = new OwnedObjects<Job, Pod>(_client, _pods, (_, _) => true, JobNames.TrackingFinalizer);
        _control = new PodControl(_client, _events, context.Time);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_jobs, _pods];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var job = _jobs.Get(key);
        await ReleaseStraysAsync(key, job, cancellationToken);
        if (job is null || !IsOurs(job) || JobConditions.IsFinished(job) || _written.IsBehind(job))
        {
            return Requeue.Never;
        }

        var expectationsMet = _control.Expectations.AreMet(job.Metadata.Uid);
        var pods = await _own.ClaimAsync(job, LabelSelector.From(job.Spec.Selector), cancellationToken);
        var plan = JobPlan.Compute(job, pods, expectationsMet, _time.GetUtcNow());
        if (!plan.Status.Equals(job.Status))
        {
            var written = await _client.UpdateStatusAsync(job with { Status = plan.Status }, cancellationToken);
            _written.Remember(written);
            Tell(job, plan.Status);
        }

        // What the status says has to stand before the pods it was learned from may go.
        await Task.WhenAll(plan.Release.Select(pod => ReleaseAsync(pod, cancellationToken)));
        await _control.ApplyAsync(job, [.. plan.Create.Select(wanted => JobPods.Make(job, wanted))], plan.Delete, cancellationToken);
        return plan.Recheck is { } wait ? Requeue.In(wait) : Requeue.Never;
    }

    protected override void Subscribe()
    {
        _jobs.OnChange((old, current) =>
        {
            if (old is not null && old.Metadata.Uid != current?.Metadata.Uid)
            {
                _control.Expectations.Forget(old.Metadata.Uid);
                _written.Forget(old.Metadata.Uid);
            }

            Queue.Add(NamespacedName.Of(current ?? old!));
        });
        _pods.OnChange((old, current) =>
        {
            _control.Observe(old, current);
            foreach (var key in OwnerKeys.Concerned(_jobs, old, current, job => LabelSelector.From(job.Spec.Selector)))
            {
                Queue.Add(key);
            }

            if (current is not null && JobPods.IsTracked(current) && OwnerKeys.Of<Job>(current) is null)
            {
                Queue.Add(new NamespacedName(current.Metadata.Namespace, OfNobody));
            }
        });
    }

    private static bool IsOurs(Job job) => job.Spec.ManagedBy is null or JobNames.Manager;

    private static string TrackedKey(Pod pod) => $"{pod.Metadata.Namespace}/{OwnerKeys.Of<Job>(pod)?.Name ?? OfNobody}";

    /// <summary>Pods that wait to be counted by a Job that does not count them any more.</summary>
    private async Task ReleaseStraysAsync(NamespacedName key, Job? job, CancellationToken cancellationToken)
    {
        var strays = _pods.ListBy(TrackedIndex, $"{key.Namespace}/{key.Name}").Where(pod =>
            job is null || !OwnerReferences.IsControlledBy(pod, job.Metadata.Uid) || JobConditions.IsFinished(job)).ToList();
        if (strays.Count > 0 && (job is not null || key.Name == OfNobody || await _client.FindAsync<Job>(key.Namespace, key.Name, cancellationToken) is null))
        {
            await Task.WhenAll(strays.Select(pod => ReleaseAsync(pod, cancellationToken)));
        }
    }

    private async Task ReleaseAsync(Pod pod, CancellationToken cancellationToken)
    {
        var metadata = new JsonObject
        {
            ["uid"] = pod.Metadata.Uid,
            ["$deleteFromPrimitiveList/finalizers"] = new JsonArray(JobNames.TrackingFinalizer),
        };
        var patch = new KubePatch(PatchType.StrategicMerge, System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["metadata"] = metadata }.ToJsonString()));
        try
        {
            await _client.PatchAsync<Pod>(pod.Metadata.Namespace, pod.Metadata.Name, patch, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // It has gone, or another has its name.
        }
    }

    private void Tell(Job job, JobStatus status)
    {
        foreach (var condition in status.Conditions)
        {
            if (JobConditions.Find(job.Status, condition.Type) is { } known && known.Status == condition.Status)
            {
                continue;
            }

            switch (condition.Type)
            {
                case JobConditionType.Complete:
                    _events.Normal(job, "Completed", "Job completed");
                    break;
                case JobConditionType.Failed:
                    _events.Warning(job, condition.Reason, condition.Message);
                    break;
                case JobConditionType.Suspended:
                    _events.Normal(job, condition.Status == ConditionStatus.True ? "Suspended" : "Resumed", condition.Message);
                    break;
            }
        }
    }
}
