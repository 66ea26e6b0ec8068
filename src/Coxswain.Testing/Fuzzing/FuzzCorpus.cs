using System.Text;

namespace Coxswain.Testing.Fuzzing;

/// <summary>
/// The inputs that mutation begins from: those a test gives, and the files of <c>testdata/fuzz/NAME</c>, which keep
/// what was found once.
/// </summary>
public sealed class FuzzCorpus
{
    private FuzzCorpus(IReadOnlyList<byte[]> inputs, IReadOnlyList<byte[]> tokens)
    {
        Inputs = inputs;
        Tokens = tokens;
    }

    public IReadOnlyList<byte[]> Inputs { get; }

    /// <summary>The words and signs the inputs are made of.</summary>
    public IReadOnlyList<byte[]> Tokens { get; }

    public static FuzzCorpus Load(string name, IEnumerable<byte[]> given)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "testdata", "fuzz", name);
        var files = Directory.Exists(folder)
            ? Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : [];
        List<byte[]> inputs = [.. given, .. files];
        return inputs.Count == 0 ? throw new ArgumentException($"{name} has nothing to begin from", nameof(given))
            : new FuzzCorpus(inputs, FindTokens(inputs));
    }

    private static List<byte[]> FindTokens(IEnumerable<byte[]> inputs)
    {
        var tokens = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var text in inputs.Select(Encoding.Latin1.GetString))
        {
            var start = 0;
            for (var i = 0; i <= text.Length; i++)
            {
                if (i < text.Length && char.IsAsciiLetterOrDigit(text[i]))
                {
                    continue;
                }

                if (i > start && i - start <= 64)
                {
                    tokens.Add(text[start..i]);
                }

                if (i < text.Length)
                {
                    tokens.Add(text[i..(i + 1)]);
                }

                start = i + 1;
            }
        }

        return [.. tokens.Select(Encoding.Latin1.GetBytes)];
    }
}
