using System.Text;

namespace Coxswain.Testing.Fuzzing;

/// <summary>
/// Tries a target on changed forms of known inputs. A target returns, whatever the bytes, or throws: only an error
/// the caller would have caught is caught there. Each input follows from one seed and the corpus, so a failure
/// replays from its seed.
/// </summary>
public static class Fuzzer
{
    /// <param name="name">Names the corpus folder, <c>testdata/fuzz/NAME</c> beside the test assembly.</param>
    /// <param name="seeds">Inputs beside those of the folder.</param>
    /// <returns>How many inputs were tried.</returns>
    /// <exception cref="FuzzFailedException">The target threw, or allocated more than its input accounts
    /// for.</exception>
    public static long Run(string name, IEnumerable<byte[]> seeds, Action<byte[]> target, FuzzOptions? options = null)
    {
        options ??= new FuzzOptions();
        var corpus = FuzzCorpus.Load(name, seeds);
        var bytes = new ByteMutator(corpus);
        var time = TimeProvider.System;
        using var watch = new HangWatch(name, options.HangsAfter, time);
        foreach (var known in corpus.Inputs)
        {
            Try(name, "a known input", known, target, options, watch);
        }

        var seed = options.Seed ?? (options.Duration is null ? 1 : (int)time.GetUtcNow().ToUnixTimeSeconds());
        var start = time.GetTimestamp();
        var tried = 0;
        for (; options.Duration is { } duration ? time.GetElapsedTime(start) < duration
            : tried < options.Inputs; tried++)
        {
            var input = Make(corpus, bytes, new Random(unchecked(seed + tried)), options.MaxInputBytes);
            Try(name, $"{FuzzOptions.SeedVariable}={unchecked(seed + tried)}", input, target, options, watch);
        }

        return tried;
    }

    /// <summary>Whether a condition that every input must keep holds.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException(what);
        }
    }

    private static byte[] Make(FuzzCorpus corpus, ByteMutator bytes, Random random, int maxBytes)
    {
        var input = corpus.Inputs[random.Next(corpus.Inputs.Count)];
        var made = random.Next(3) == 0 ? JsonMutator.Mutate(input, random) ?? bytes.Mutate(input, random)
            : bytes.Mutate(input, random);
        return made.Length <= maxBytes ? made : made[..maxBytes];
    }

    private static void Try(string name, string seed, byte[] input, Action<byte[]> target, FuzzOptions options,
        HangWatch watch)
    {
        if (Fault(input, seed, target, options, watch) is not { } fault)
        {
            return;
        }

        var small = Shrink(input, fault, candidate => Fault(candidate, seed, target, options, watch));
        throw new FuzzFailedException(
            $"{name}: {fault.GetType().Name}: {fault.Message}\nreplay: {seed}\ninput: {Printable(small)}\nbase64: "
                + Convert.ToBase64String(small.AsSpan(0, Math.Min(small.Length, 4096))),
            fault);
    }

    private static Exception? Fault(byte[] input, string seed, Action<byte[]> target, FuzzOptions options,
        HangWatch watch)
    {
        watch.Begin(seed);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target(input);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            return allocated > options.MaxAllocatedBytes + (options.MaxAllocatedPerByte * input.Length)
                ? new InvalidOperationException($"{input.Length} bytes allocated {allocated}") : null;
        }
        catch (Exception exception)
        {
            return exception;
        }
        finally
        {
            watch.End();
        }
    }

    /// <summary>Leaves out ever smaller parts, as long as the fault stays of the same type.</summary>
    private static byte[] Shrink(byte[] input, Exception fault, Func<byte[], Exception?> attempt)
    {
        var attempts = 0;
        for (var part = input.Length / 2; part > 0; part /= 2)
        {
            for (var at = 0; at + part <= input.Length && attempts < 500; attempts++)
            {
                byte[] shorter = [.. input[..at], .. input[(at + part)..]];
                if (attempt(shorter)?.GetType() == fault.GetType())
                {
                    input = shorter;
                }
                else
                {
                    at += part;
                }
            }
        }

        return input;
    }

    private static string Printable(byte[] input)
    {
        var text = new StringBuilder();
        foreach (var c in Encoding.Latin1.GetString(input, 0, Math.Min(input.Length, 1024)))
        {
            text.Append(c is >= ' ' and <= '~' ? c.ToString() : $"\\x{(int)c:x2}");
        }

        return text.ToString();
    }
}
