namespace Coxswain.ApiServer.Documents;

/// <summary>Lets requests on many threads draw from one injected source.</summary>
internal sealed class LockedRandom(Random inner) : Random(0)
{
    private readonly Lock _lock = new();

    public override int Next(int maxValue)
    {
        lock (_lock)
        {
            return inner.Next(maxValue);
        }
    }

    public override long NextInt64(long maxValue)
    {
        lock (_lock)
        {
            return inner.NextInt64(maxValue);
        }
    }

    public override double NextDouble()
    {
        lock (_lock)
        {
            return inner.NextDouble();
        }
    }

    public override void NextBytes(Span<byte> buffer)
    {
        lock (_lock)
        {
            inner.NextBytes(buffer);
        }
    }
}
