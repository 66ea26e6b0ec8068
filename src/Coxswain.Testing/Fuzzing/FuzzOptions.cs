using System.Globalization;

namespace Coxswain.Testing.Fuzzing;

/// <summary>
/// How much is tried. In <c>./test</c> a fixed number of inputs, always the same ones; by the environment minutes of
/// new ones.
/// </summary>
public sealed record FuzzOptions
{
    /// <summary>How long to go on, in seconds; without it only <see cref="Inputs"/> are tried.</summary>
    public const string SecondsVariable = "COXSWAIN_FUZZ_SECONDS";

    /// <summary>The seed of the first input; the seed a failure names replays it at once.</summary>
    public const string SeedVariable = "COXSWAIN_FUZZ_SEED";

    public int Inputs { get; init; } = 3_000;

    public TimeSpan? Duration { get; init; } =
        double.TryParse(Environment.GetEnvironmentVariable(SecondsVariable), CultureInfo.InvariantCulture,
            out var seconds) ? TimeSpan.FromSeconds(seconds) : null;

    public int? Seed { get; init; } =
        int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var seed)
            ? seed : null;

    /// <summary>Inputs are cut to this.</summary>
    public int MaxInputBytes { get; init; } = 64 * 1024;

    /// <summary>What one input may allocate beyond <see cref="MaxAllocatedPerByte"/>.</summary>
    public long MaxAllocatedBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>What one input may allocate for each of its bytes.</summary>
    public long MaxAllocatedPerByte { get; init; } = 4_000;

    /// <summary>
    /// An input that takes longer hangs: nothing can end it but the process's end, which then names it.
    /// </summary>
    public TimeSpan HangsAfter { get; init; } = TimeSpan.FromMinutes(1);
}
