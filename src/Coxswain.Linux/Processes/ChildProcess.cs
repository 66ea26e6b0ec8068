using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Processes;

/// <summary>A spawned child: reaped by its pidfd, whoever else waits for children in this process.</summary>
internal sealed class ChildProcess : IChildProcess
{
    private readonly Lock _lock = new();
    private readonly bool _leadsSession;
    private bool _reaped;

    private ChildProcess(int pid, KernelEvents events, bool leadsSession, Stream? input, Stream? output, Stream? error)
    {
        Pid = pid;
        _leadsSession = leadsSession;
        Input = input;
        Output = output;
        Error = error;
        Exited = ReapAsync(events);
    }

    public int Pid { get; }

    public Stream? Input { get; }

    public Stream? Output { get; }

    public Stream? Error { get; }

    public Task<int> Exited { get; }

    public static ChildProcess Start(ProcessSpec spec, KernelEvents events)
    {
        var childEnds = new List<int>();
        var ourEnds = new int[3] { -1, -1, -1 };
        var files = new List<(int Ours, int Childs)>();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                if (!spec.Streams.HasFlag((ProcessStreams)(1 << i)))
                {
                    files.Add((-1, i));
                    continue;
                }

                var pipe = Pipe.Create();
                var (ours, childs) = i == 0 ? (pipe.WriteEnd, pipe.ReadEnd) : (pipe.ReadEnd, pipe.WriteEnd);
                ourEnds[i] = ours;
                childEnds.Add(childs);
                files.Add((childs, i));
            }

            foreach (var (ours, childs) in spec.InheritedFiles)
            {
                files.Add((ours, childs));
            }

            var pid = Spawn.Start(spec, files);
            var child = new ChildProcess(
                pid,
                events,
                spec.NewSession,
                ourEnds[0] < 0 ? null : Pipe.OpenWriter(ourEnds[0]),
                ourEnds[1] < 0 ? null : Pipe.OpenReader(ourEnds[1]),
                ourEnds[2] < 0 ? null : Pipe.OpenReader(ourEnds[2]));
            ourEnds = [-1, -1, -1];
            return child;
        }
        finally
        {
            foreach (var fd in childEnds.Concat(ourEnds).Where(fd => fd >= 0))
            {
                _ = LibC.close(fd);
            }
        }
    }

    public bool Signal(int signal)
    {
        // Until it is reaped the id cannot mean another process.
        lock (_lock)
        {
            return !_reaped && Signals.Send(_leadsSession ? -Pid : Pid, signal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in new[] { Input, Output, Error })
        {
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }
        }
    }

    private async Task<int> ReapAsync(KernelEvents events)
    {
        var pidfd = PidFd.Open(Pid);
        try
        {
            if (pidfd >= 0)
            {
                await events.WaitReadableAsync(pidfd, CancellationToken.None);
            }
        }
        finally
        {
            if (pidfd >= 0)
            {
                _ = LibC.close(pidfd);
            }
        }

        lock (_lock)
        {
            _reaped = true;
            return Wait();
        }
    }

    private unsafe int Wait()
    {
        const int Unknown = 255;
        int status;
        int result;
        do
        {
            result = LibC.waitpid(Pid, &status, 0);
        }
        while (result < 0 && LibC.Errno == LibC.EINTR);
        if (result < 0)
        {
            // Somebody in this process ignores SIGCHLD, so the kernel reaped it for us.
            return Unknown;
        }

        var signal = status & 0x7f;
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal;
    }
}
