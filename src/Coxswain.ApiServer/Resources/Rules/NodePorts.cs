namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The ports that Services of type NodePort and LoadBalancer open on every node.</summary>
internal sealed class NodePorts(Random random)
{
    public const int First = 30000;
    public const int Last = 32767;

    private readonly Lock _lock = new();
    private readonly HashSet<int> _taken = [];

    public PoolOutcome TryTake(int port)
    {
        if (port is < First or > Last)
        {
            return PoolOutcome.OutOfRange;
        }

        lock (_lock)
        {
            return _taken.Add(port) ? PoolOutcome.Ok : PoolOutcome.Taken;
        }
    }

    /// <summary>Null when every port is taken.</summary>
    public int? TakeAny()
    {
        lock (_lock)
        {
            const int Count = Last - First + 1;
            var start = random.Next(Count);
            for (var i = 0; i < Count; i++)
            {
                var port = First + ((start + i) % Count);
                if (_taken.Add(port))
                {
                    return port;
                }
            }

            return null;
        }
    }

    public void Release(int port)
    {
        lock (_lock)
        {
            _taken.Remove(port);
        }
    }
}
