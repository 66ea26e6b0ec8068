using Coxswain.Store.Memory;
using Coxswain.Store.Sqlite;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Model;

public sealed class StoreModelTests
{
    [Fact]
    public void Memory_AnySteps_ReadsLikeItsModel() => Check(150, async steps =>
        await new ModelRun(new MemoryStore(new StoreOptions(), TimeProvider.System), Task.FromResult).RunAsync(steps));

    [Fact]
    public void Sqlite_AnyStepsAndRestarts_ReadsLikeItsModel() => Check(40, async steps =>
    {
        using var scratch = new ScratchDirectory();
        async Task<IStore> OpenAsync() => await SqliteStore.OpenAsync(
            scratch.File("store.db"), new StoreOptions(), TimeProvider.System, NullLogger.Instance, default);
        await new ModelRun(await OpenAsync(), async store =>
        {
            await store.DisposeAsync();
            return await OpenAsync();
        }).RunAsync(steps);
    });

    private static void Check(int runs, Func<Step[], Task> run)
    {
        var steps = Gen.Choose(0, 19).SelectMany(kind => Gen.Choose(0, 1_199).Select(key => new Step(kind, key)));

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
