using Coxswain.Engine.Images.Storage;

namespace Coxswain.Engine.Images.Registry;

/// <summary>A blob on its way into our registry, in one piece or several.</summary>
public sealed class RegistryUpload : IDisposable
{
    private readonly StoreSession _session;
    private readonly BlobWriter _writer;
    private readonly TimeProvider _time;
    private long _lastUsed;
    private int _disposed;

    internal RegistryUpload(string id, string name, StoreSession session, BlobStore blobs, TimeProvider time)
    {
        Id = id;
        Name = name;
        _session = session;
        _writer = new BlobWriter(blobs, session);
        _time = time;
        Touch();
    }

    public string Id { get; }

    public string Name { get; }

    /// <summary>How many bytes have come.</summary>
    public long Length => _writer.Stream.Count;

    public DateTimeOffset LastUsed => new(Volatile.Read(ref _lastUsed), TimeSpan.Zero);

    /// <summary>One writer at a time.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    public async Task AppendAsync(Stream content, CancellationToken cancellationToken)
    {
        var buffer = new byte[128 * 1024];
        int count;
        while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
        {
            _writer.Stream.Write(buffer, 0, count);
            Touch();
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _writer.Dispose();
            _session.Dispose();
        }
    }

    internal void Commit(Digest digest) => _writer.Commit(digest);

    private void Touch() => Volatile.Write(ref _lastUsed, _time.GetUtcNow().UtcTicks);
}
