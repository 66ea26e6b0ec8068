using System.Text;
using Coxswain.Testing.Fuzzing;

namespace Coxswain.Api.Tests;

public class FuzzerTests
{
    private static readonly byte[][] Seeds = [Encoding.UTF8.GetBytes("""{"a":[1,2,{"b":"text"}],"c":null}""")];

    private static readonly FuzzOptions Short = new() { Inputs = 500, Duration = null, Seed = null };

    [Fact]
    public void Run_TargetThatThrows_NamesTheSeedThatReplaysIt()
    {
        var failure = Assert.Throws<FuzzFailedException>(() => Fuzzer.Run("none", Seeds, Fails, Short));
        var seed = int.Parse(failure.Message.Split(FuzzOptions.SeedVariable + "=")[1].Split('\n')[0]);

        var again = Assert.Throws<FuzzFailedException>(() =>
            Fuzzer.Run("none", Seeds, Fails, Short with { Seed = seed, Inputs = 1 }));

        Assert.Equal(failure.Message, again.Message);
    }

    [Fact]
    public void Run_TargetThatThrows_ShowsTheSmallestInput() => Assert.Contains(
        "input: \\xff\n", Assert.Throws<FuzzFailedException>(() => Fuzzer.Run("none", Seeds, Fails, Short)).Message, StringComparison.Ordinal);

    [Fact]
    public void Run_TargetThatAllocates_IsAFault()
    {
        static void Allocate(byte[] input) => GC.KeepAlive(new byte[64 * 1024 * 1024 + (8_000 * input.Length)]);

        Assert.Contains("bytes allocated", Assert.Throws<FuzzFailedException>(() => Fuzzer.Run("none", Seeds, Allocate, Short)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_GoodTarget_TriesAsManyAsAsked() => Assert.Equal(500, Fuzzer.Run("none", Seeds, _ => { }, Short));

    [Fact]
    public void Run_CorpusFolder_IsTriedFirst()
    {
        var inputs = new List<string>();

        Fuzzer.Run("duration", Seeds, input => inputs.Add(Encoding.UTF8.GetString(input)), Short with { Inputs = 0 });

        Assert.Contains("2510ms", inputs);
    }

    private static void Fails(byte[] input) => Fuzzer.Require(!input.Contains((byte)0xff), "ff");
}
