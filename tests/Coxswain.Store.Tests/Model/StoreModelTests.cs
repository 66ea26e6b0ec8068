using Coxswain.Store.Memory;
using Coxswain.Store.Sqlite;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Model;

public sealed class StoreModelTests
{
    private const int IoError = 10;

    [Fact]
    public void Memory_AnySteps_ReadsLikeItsModel() => Check(150, steps => RunInMemoryAsync(steps, null));

    [Fact]
    public void Memory_SkippingNumbers_ReadsLikeItsModel() => Check(50, steps => RunInMemoryAsync(steps, Skip));

    [Fact]
    public void Sqlite_AnyStepsFailuresAndRestarts_ReadsLikeItsModel() => Check(60, steps => RunOnDiskAsync(steps, null));

    [Fact]
    public void Sqlite_SkippingNumbers_ReadsLikeItsModel() => Check(20, steps => RunOnDiskAsync(steps, Skip));

    private static long Skip(long newest) => newest + 1 + newest % 3;

    private static Task RunInMemoryAsync(Step[] steps, Func<long, long>? successor) => new ModelRun(
        new MemoryStore(new StoreOptions(), TimeProvider.System, successor), Task.FromResult, null).RunAsync(steps);

    private static async Task RunOnDiskAsync(Step[] steps, Func<long, long>? successor)
    {
        using var scratch = new ScratchDirectory();
        string? failing = null;
        var tuning = new SqliteTuning
        {
            Successor = successor,
            Fault = sql => failing is { } kind && sql.StartsWith(kind, StringComparison.Ordinal)
                && Interlocked.CompareExchange(ref failing, null, kind) == kind ? IoError : 0,
        };
        async Task<IStore> OpenAsync() => await SqliteStore.OpenAsync(
            scratch.File("store.db"), new StoreOptions(), tuning, TimeProvider.System, NullLogger.Instance, default);
        var run = new ModelRun(
            await OpenAsync(),
            async store =>
            {
                await store.DisposeAsync();
                Volatile.Write(ref failing, null);
                return await OpenAsync();
            },
            kind => Volatile.Write(ref failing, kind));
        await run.RunAsync(steps);
    }

    private static void Check(int runs, Func<Step[], Task> run)
    {
        var steps = Gen.Choose(0, 21).SelectMany(kind => Gen.Choose(0, 1_199).Select(key => new Step(kind, key)));

        // A step makes the others smaller when a failure is shrunk: only the array loses elements.
        var sequences = Arb.From(steps.ArrayOf(), Shrink);
        var config = Config.QuickThrowOnFailure.WithMaxTest(runs).WithEndSize(120);
        FsCheck.Check.One(config, Prop.ForAll(sequences, sequence => Task.Run(() => run(sequence))));
    }

    private static IEnumerable<Step[]> Shrink(Step[] steps)
    {
        for (var size = steps.Length / 2; size > 0; size /= 2)
        {
            for (var at = 0; at + size <= steps.Length; at += size)
            {
                yield return [.. steps[..at], .. steps[(at + size)..]];
            }
        }
    }
}
