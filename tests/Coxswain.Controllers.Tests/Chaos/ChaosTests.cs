namespace Coxswain.Controllers.Tests.Chaos;

/// <summary>Hours of harm in virtual time, after which everything must be as the workloads ask.</summary>
public sealed class ChaosTests
{
    private static readonly TimeSpan HarmDuration = TimeSpan.FromHours(1);
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    /// <summary>Of virtual time: a Job's pods that failed often are tried again after ten minutes at most.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(45);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Cluster_AfterAnHourOfHarm_Converges(int seed)
    {
        await using var chaos = await ChaosCluster.StartAsync(seed);
        var harm = new Harm(chaos, seed);
        chaos.Cluster.Run(harm.RunAsync);
        for (var passed = TimeSpan.Zero; passed < HarmDuration; passed += Step)
        {
            await chaos.AdvanceAsync(Step);
            var doubled = await Verdict.DoubledAsync(chaos);
            Assert.True(doubled.Count == 0, $"seed {seed}, after {passed + Step} and {harm.Count} harms: {string.Join("; ", doubled)}");
        }

        Assert.True(harm.Count > 200, $"only {harm.Count} harms");
        harm.IsEnough = true;
        IReadOnlyList<string> faults = ["the harm goes on"];
        for (var passed = TimeSpan.Zero; passed < Patience && faults.Count > 0; passed += Step)
        {
            await chaos.AdvanceAsync(Step);
            faults = harm.IsOver ? await Verdict.FaultsAsync(chaos) : faults;
        }

        Assert.True(faults.Count == 0, $"seed {seed}, {Patience} after the last of {harm.Count} harms:\n{string.Join('\n', faults)}");
    }
}
