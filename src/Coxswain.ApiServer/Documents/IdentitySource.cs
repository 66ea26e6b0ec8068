namespace Coxswain.ApiServer.Documents;

/// <summary>The UIDs and random name endings of new objects, drawn from one injected source of chance.</summary>
internal sealed class IdentitySource(Random random)
{
    /// <summary>Letters and digits without vowels and look-alikes, as Kubernetes uses, so that no words come out.</summary>
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    private readonly Lock _lock = new();

    /// <summary>A version 4 UUID.</summary>
    public string NewUid()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (_lock)
        {
            random.NextBytes(bytes);
        }

        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>Five characters, as after every generateName.</summary>
    public string NewSuffix()
    {
        lock (_lock)
        {
            return string.Create(5, random, static (span, random) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = Alphabet[random.Next(Alphabet.Length)];
                }
            });
        }
    }
}
