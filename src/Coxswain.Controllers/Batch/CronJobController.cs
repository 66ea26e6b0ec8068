using System.Globalization;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Schedules;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Preconditions = Coxswain.Api.Meta.V1.Preconditions;

namespace Coxswain.Controllers.Batch;

/// <summary>Makes Jobs on a schedule, and deletes old ones (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/).</summary>
internal sealed class CronJobController : KeyedController
{
    private const string OwnName = "cronjob-controller";

    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly Informer<CronJob> _cronJobs;
    private readonly Informer<Job> _jobs;
    private readonly EventRecorder _events;

    public CronJobController(ControllerContext context)
        : base(OwnName, context)
    {
        _client = context.ClientFor(OwnName);
        _time = context.Time;
        _cronJobs = context.Informers.Of<CronJob>();
        _jobs = context.Informers.Of<Job>();
        _events = context.Events.RecorderFor(OwnName);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_cronJobs, _jobs];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_cronJobs.Get(key) is not { Metadata.DeletionTimestamp: null } cached)
        {
            return Requeue.Never;
        }

        var children = _jobs.ListByOwner(cached.Metadata.Uid).Where(job => OwnerReferences.IsControlledBy(job, cached.Metadata.Uid)).ToList();
        var cronJob = await TakeStockAsync(cached, children, cancellationToken);
        await DeleteAllAsync(cronJob, CronJobPlan.Outdated(cronJob, children), cancellationToken);
        return cronJob.Spec.Suspend == true ? Requeue.Never : await RunDueAsync(cronJob, children, cancellationToken);
    }

    protected override void Subscribe()
    {
        _cronJobs.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _jobs.OnChange((old, current) =>
        {
            if (OwnerKeys.Of<CronJob>(current ?? old) is { } key)
            {
                Queue.Add(key);
            }
        });
    }

    /// <summary>Brings the list of active Jobs up to date.</summary>
    private async Task<CronJob> TakeStockAsync(CronJob cronJob, IReadOnlyList<Job> children, CancellationToken cancellationToken)
    {
        var active = cronJob.Status.Active.ToList();
        var lastSuccess = cronJob.Status.LastSuccessfulTime;
        foreach (var job in children)
        {
            var isKnown = active.Any(reference => reference.Uid == job.Metadata.Uid);
            if (JobConditions.FinishOf(job) is { } finish)
            {
                if (isKnown)
                {
                    active.RemoveAll(reference => reference.Uid == job.Metadata.Uid);
                    _events.Normal(cronJob, "SawCompletedJob", $"Saw completed job: {job.Metadata.Name}, condition: {finish.Type}");
                }

                if (finish.Type == JobConditionType.Complete && job.Status.CompletionTime is { } completed && !(lastSuccess >= completed))
                {
                    lastSuccess = completed;
                }
            }
            else if (!isKnown && job.Metadata.DeletionTimestamp is null)
            {
                // Made just before the process ended, or before its status could be written.
                active.Add(ReferenceTo(job));
            }
        }

        foreach (var reference in active.Where(reference => children.All(job => job.Metadata.Uid != reference.Uid)).ToList())
        {
            // The cache may not show yet what was made a moment ago.
            if (await _client.FindAsync<Job>(cronJob.Metadata.Namespace, reference.Name, cancellationToken) is not { } found || found.Metadata.Uid != reference.Uid)
            {
                active.Remove(reference);
                _events.Normal(cronJob, "MissingJob", $"Active job went missing: {reference.Name}");
            }
        }

        return await WriteAsync(cronJob, cronJob.Status with { Active = active, LastSuccessfulTime = lastSuccess }, cancellationToken);
    }

    private async Task<Requeue> RunDueAsync(CronJob cronJob, IReadOnlyList<Job> children, CancellationToken cancellationToken)
    {
        if (!CronSchedule.TryParse(cronJob.Spec.Schedule, out var schedule, out var error))
        {
            _events.Warning(cronJob, "UnparseableSchedule", $"unparseable schedule: {cronJob.Spec.Schedule} : {error}");
            return Requeue.Never;
        }

        var zone = TimeZoneInfo.Utc;
        if (cronJob.Spec.TimeZone is { } name && !TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone))
        {
            _events.Warning(cronJob, "UnknownTimeZone", $"invalid timeZone: {name}: unknown time zone {name}");
            return Requeue.Never;
        }

        var plan = CronJobPlan.Compute(cronJob, cronJob.Status.Active.Count, schedule, zone ?? TimeZoneInfo.Utc, _time.GetUtcNow());
        if (plan.TooManyMissed)
        {
            _events.Warning(cronJob, "TooManyMissedTimes",
                "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
        }

        if (plan.TooLate is { } late)
        {
            _events.Warning(cronJob, "MissSchedule",
                $"Missed scheduled time to start a job: {late.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture)}");
        }
        else if (plan.IsHeldBack)
        {
            _events.Normal(cronJob, "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid");
        }
        else if (plan.Run is { } time)
        {
            await StartAsync(cronJob, children, time, zone ?? TimeZoneInfo.Utc, cancellationToken);
        }

        return plan.Next is { } next ? Requeue.In(next - _time.GetUtcNow()) : Requeue.Never;
    }

    private async Task StartAsync(CronJob cronJob, IReadOnlyList<Job> children, DateTimeOffset time, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var active = cronJob.Status.Active;
        if (cronJob.Spec.ConcurrencyPolicy == ConcurrencyPolicy.Replace && active.Count > 0)
        {
            await DeleteAllAsync(cronJob, children.Where(job => active.Any(reference => reference.Uid == job.Metadata.Uid)), cancellationToken);
            active = [];
        }

        var wanted = JobFor(cronJob, time, zone);
        Job job;
        try
        {
            job = await _client.CreateAsync(wanted, cancellationToken);
            _events.Normal(cronJob, "SuccessfulCreate", $"Created job {job.Metadata.Name}");
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists)
        {
            // The name says for which time it is: it was made before and only not written down.
            job = await _client.GetAsync<Job>(wanted.Metadata.Namespace, wanted.Metadata.Name, cancellationToken);
            if (!OwnerReferences.IsControlledBy(job, cronJob.Metadata.Uid))
            {
                _events.Warning(cronJob, "FailedCreate", $"Error creating job: {exception.Message}");
                throw;
            }
        }
        catch (KubeStatusException exception) when (!exception.IsNamespaceTerminating)
        {
            _events.Warning(cronJob, "FailedCreate", $"Error creating job: {exception.Message}");
            throw;
        }

        var isActive = !JobConditions.IsFinished(job) && active.All(reference => reference.Uid != job.Metadata.Uid);
        await WriteAsync(
            cronJob, cronJob.Status with { Active = isActive ? [.. active, ReferenceTo(job)] : active, LastScheduleTime = time }, cancellationToken);
    }

    private static Job JobFor(CronJob cronJob, DateTimeOffset time, TimeZoneInfo zone)
    {
        var template = cronJob.Spec.JobTemplate;
        var local = TimeZoneInfo.ConvertTime(time, zone);
        return new Job
        {
            Metadata = ObjectMeta.Empty with
            {
                Name = $"{cronJob.Metadata.Name}-{(time.ToUnixTimeSeconds() / 60).ToString(CultureInfo.InvariantCulture)}",
                Namespace = cronJob.Metadata.Namespace,
                Labels = template.Metadata.Labels,
                Annotations = new Dictionary<string, string>(template.Metadata.Annotations, StringComparer.Ordinal)
                {
                    [JobNames.CronScheduledTime] = local.Offset == TimeSpan.Zero
                        ? local.ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture)
                        : local.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture),
                },
                OwnerReferences = [OwnerReferences.ToController(cronJob)],
            },
            Spec = template.Spec,
        };
    }

    private async Task DeleteAllAsync(CronJob cronJob, IEnumerable<Job> jobs, CancellationToken cancellationToken)
    {
        foreach (var job in jobs.Where(job => job.Metadata.DeletionTimestamp is null))
        {
            var options = DeleteOptions.Empty with { PropagationPolicy = "Background", Preconditions = new Preconditions { Uid = job.Metadata.Uid } };
            try
            {
                await _client.DeleteAsync<Job>(job.Metadata.Namespace, job.Metadata.Name, options, cancellationToken);
                _events.Normal(cronJob, "SuccessfulDelete", $"Deleted job {job.Metadata.Name}");
            }
            catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
            {
                // It has gone already.
            }
        }
    }

    private async Task<CronJob> WriteAsync(CronJob cronJob, CronJobStatus status, CancellationToken cancellationToken) =>
        status.Equals(cronJob.Status) ? cronJob : await _client.UpdateStatusAsync(cronJob with { Status = status }, cancellationToken);

    private static ObjectReference ReferenceTo(Job job) => new()
    {
        ApiVersion = Job.ObjectKind.ApiVersion, Kind = Job.ObjectKind.Kind, Namespace = job.Metadata.Namespace, Name = job.Metadata.Name,
        Uid = job.Metadata.Uid, ResourceVersion = job.Metadata.ResourceVersion,
    };
}
