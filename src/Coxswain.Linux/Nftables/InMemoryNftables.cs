namespace Coxswain.Linux.Nftables;

/// <summary>Keeps the scripts it is given, for tests of those who write them.</summary>
public sealed class InMemoryNftables(string tableName = "coxswain") : INftables
{
    private readonly Lock _lock = new();
    private readonly List<string> _scripts = [];

    public string TableName { get; } = tableName;

    /// <summary>Every script applied since the table was last deleted, oldest first.</summary>
    public IReadOnlyList<string> Scripts
    {
        get
        {
            lock (_lock)
            {
                return [.. _scripts];
            }
        }
    }

    /// <summary>When set, thrown instead of applying: the kernel saying no.</summary>
    public LinuxException? Refusal { get; set; }

    public Task ApplyAsync(string script, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Refusal is { } refusal)
        {
            return Task.FromException(refusal);
        }

        lock (_lock)
        {
            _scripts.Add(script);
        }

        return Task.CompletedTask;
    }

    public Task<string> ListAsync(CancellationToken cancellationToken) => Task.FromResult(string.Join('\n', Scripts));

    public Task DeleteTableAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _scripts.Clear();
        }

        return Task.CompletedTask;
    }
}
