using System.Text;

namespace Coxswain.Testing.Fuzzing;

/// <summary>
/// Changes bytes without knowing what they mean: single bytes, ranges, words of the corpus, parts of other inputs,
/// repetitions.
/// </summary>
public sealed class ByteMutator(FuzzCorpus corpus)
{
    /// <summary>What breaks readers: bounds of integers, signs, ends, lengths, escapes, bad UTF-8.</summary>
    private static readonly byte[][] Hostile =
    [
        .. new[]
        {
            "0", "-1", "2147483648", "-9223372036854775808", "9223372036854775807", "18446744073709551616", "1e999",
            "-0", "0.1e-400",
            "00", "0x", "null", "true", "~", "{}", "[]", "\"\"", "{", "}", "[", "]", "\"", "'", "\\", "\\u0000",
            "\\ud800", "\n", "\r\n", "\t",
            "\0", "&a ", "*a", "<<: ", "!!binary ", "%YAML", "---\n", "...", "|+\n", ">-\n", "? ", ": ", "- ", "#",
            "~1", "~0", "/-", "//", "$patch", "\u00a0", "é", "\ufeff", "\ud83d\ude00",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0x80], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ];

    public byte[] Mutate(byte[] input, Random random)
    {
        var bytes = new List<byte>(input);
        for (var changes = 1 + random.Next(4); changes > 0; changes--)
        {
            Change(bytes, random);
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(bytes.Count - at, 1 + random.Next(random.Next(10) == 0 ? 256 : 16));
        switch (random.Next(9))
        {
            case 0 when length > 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when length > 0:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(at, Hostile[random.Next(Hostile.Length)]);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                bytes.InsertRange(at, Hostile[random.Next(Hostile.Length)]);
                break;
            case 5 or 6 when corpus.Tokens.Count > 0:
                bytes.RemoveRange(at, random.Next(2) == 0 ? 0 : length);
                bytes.InsertRange(at, corpus.Tokens[random.Next(corpus.Tokens.Count)]);
                break;
            case 7:
                var part = bytes.GetRange(at, length);
                for (var times = 1 + random.Next(random.Next(20) == 0 ? 2_000 : 8); times > 0
                    && bytes.Count < 1 << 20; times--)
                {
                    bytes.InsertRange(at, part);
                }

                break;
            default:
                var other = corpus.Inputs[random.Next(corpus.Inputs.Count)];
                var from = random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(from, random.Next(other.Length - from + 1)).ToArray());
                break;
        }
    }
}
