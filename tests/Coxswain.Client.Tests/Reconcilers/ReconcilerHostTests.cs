using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client.Reconcilers;
using Coxswain.Client.WorkQueues;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Client.Tests.Reconcilers;

public sealed class ReconcilerHostTests
{
    [Fact]
    public async Task Run_ReconcilerThrows_RepeatsTheKeyAndServesOthers()
    {
        using var stop = new CancellationTokenSource();
        using var queue = new WorkQueue<string>(TimeProvider.System);
        var reconciler = new Failing(failures: 3);
        var running = new ReconcilerHost<string>("test", queue, reconciler, workers: 2, NullLogger.Instance).RunAsync(stop.Token);
        queue.Add("bad");
        queue.Add("good");
        await reconciler.AllDone.Task.WaitAsync(Bounded.Token);
        Assert.Equal(4, reconciler.Attempts);
        await stop.CancelAsync();
        await running;
        Assert.Equal(0, queue.Failures("bad"));
    }

    [Fact]
    public async Task Run_Stopped_IsJoined()
    {
        using var stop = new CancellationTokenSource();
        using var queue = new WorkQueue<string>(TimeProvider.System);
        var running = new ReconcilerHost<string>("test", queue, new Failing(0), workers: 3, NullLogger.Instance).RunAsync(stop.Token);
        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        await running.WaitAsync(Bounded.Token);
    }

    [Theory]
    [InlineData("namespaces", 0)]
    [InlineData("pods", 1)]
    public async Task Run_SomethingIsNotFound_EndsQuietlyWhenItIsTheNamespace(string kind, int failures)
    {
        using var stop = new CancellationTokenSource();
        using var queue = new WorkQueue<string>(new VirtualTime());
        var status = new Status { Code = 404, Reason = "NotFound", Message = "not found", Details = new StatusDetails { Kind = kind } };
        var reconciler = new Refused(new KubeStatusException(status));
        var running = new ReconcilerHost<string>("test", queue, reconciler, workers: 1, NullLogger.Instance).RunAsync(stop.Token);
        queue.Add("refused");
        queue.Add("next");
        await reconciler.Next.Task.WaitAsync(Bounded.Token);
        Assert.Equal(failures, queue.Failures("refused"));
        await stop.CancelAsync();
        await running;
    }

    private sealed class Refused(KubeStatusException refusal) : IReconciler<string>
    {
        public TaskCompletionSource Next { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Requeue> ReconcileAsync(string key, CancellationToken cancellationToken)
        {
            if (key == "refused")
            {
                throw refusal;
            }

            Next.SetResult();
            return Task.FromResult(Requeue.Never);
        }
    }

    private sealed class Failing(int failures) : IReconciler<string>
    {
        private int _attempts;
        private int _done;

        public int Attempts => _attempts;

        public TaskCompletionSource AllDone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Requeue> ReconcileAsync(string key, CancellationToken cancellationToken)
        {
            if (key == "bad" && Interlocked.Increment(ref _attempts) <= failures)
            {
                throw new InvalidOperationException("not yet");
            }

            if (Interlocked.Increment(ref _done) == 2)
            {
                AllDone.SetResult();
            }

            return Task.FromResult(Requeue.Never);
        }
    }
}
