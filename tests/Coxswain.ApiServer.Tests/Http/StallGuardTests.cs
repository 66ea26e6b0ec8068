using System.IO.Pipelines;
using Coxswain.ApiServer.Http;
using Coxswain.Testing.Time;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.ApiServer.Tests.Http;

public sealed class StallGuardTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly VirtualTime _time = new();
    private readonly Pipe _connection = new(new PipeOptions(pauseWriterThreshold: 10, resumeWriterThreshold: 5, useSynchronizationContext: false));
    private readonly DefaultHttpContext _context = new();
    private readonly Lifetime _lifetime = new();

    public StallGuardTests()
    {
        _context.Features.Set<IHttpRequestLifetimeFeature>(_lifetime);
        _context.Features.Set<IHttpResponseBodyFeature>(new PipeBody(_connection.Writer));
        StallGuard.Watch(_context, Patience, _time);
    }

    [Fact]
    public void Answer_ThatNobodyTakes_IsEndedAfterItsPatience()
    {
        var writing = _context.Response.BodyWriter.WriteAsync(new byte[100]);
        _time.Advance(Patience - TimeSpan.FromSeconds(1));
        Assert.False(_lifetime.IsAborted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_lifetime.IsAborted);
        Assert.False(writing.IsCompleted);
    }

    [Fact]
    public async Task Answer_ThatIsTaken_LastsForEver()
    {
        for (var i = 0; i < 3; i++)
        {
            var writing = _context.Response.BodyWriter.WriteAsync(new byte[100]);
            _time.Advance(Patience - TimeSpan.FromSeconds(1));
            var read = await _connection.Reader.ReadAsync();
            _connection.Reader.AdvanceTo(read.Buffer.End);
            await writing;
            _time.Advance(Patience);
        }

        Assert.False(_lifetime.IsAborted);
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }

    private sealed class PipeBody(PipeWriter writer) : IHttpResponseBodyFeature
    {
        public Stream Stream => writer.AsStream();

        public PipeWriter Writer => writer;

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
    }
}
