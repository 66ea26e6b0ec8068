using System.Security.Cryptography;

namespace Coxswain.Hosting;

/// <summary>Chance for a real cluster: names, UIDs and jitter that nobody can foresee. Simulations inject a seeded one.</summary>
internal sealed class SecureRandom() : Random(0)
{
    public override int Next() => RandomNumberGenerator.GetInt32(int.MaxValue);

    public override int Next(int maxValue) => maxValue <= 1 ? 0 : RandomNumberGenerator.GetInt32(maxValue);

    public override int Next(int minValue, int maxValue) => maxValue <= minValue ? minValue : RandomNumberGenerator.GetInt32(minValue, maxValue);

    public override double NextDouble() => Sample();

    public override void NextBytes(byte[] buffer) => RandomNumberGenerator.Fill(buffer);

    public override void NextBytes(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);

    public override long NextInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToInt64(bytes) & long.MaxValue;
    }

    public override long NextInt64(long maxValue) => maxValue <= 1 ? 0 : NextInt64() % maxValue;

    public override long NextInt64(long minValue, long maxValue) => minValue + NextInt64(maxValue - minValue);

    public override float NextSingle() => (float)Sample();

    /// <summary>53 random bits in [0, 1).</summary>
    protected override double Sample() => (NextInt64() >> 10) * (1.0 / (1L << 53));
}
