using System.Collections.Concurrent;
using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Processes;

/// <summary>
/// One thread in epoll_wait for file descriptors that .NET has no asynchronous form of: pidfds, inotify, FIFOs.
/// </summary>
/// <remarks>Waits are one-shot and complete on the thread pool, so nothing ever holds up the thread.</remarks>
public sealed class KernelEvents : IDisposable
{
    private const int Add = 1;
    private const int Remove = 2;
    private const uint Readable = 1;

    private readonly ConcurrentDictionary<int, TaskCompletionSource> _waits = new();
    private readonly int _epoll;
    private readonly int _stop;
    private readonly Thread _thread;
    private int _disposed;

    public KernelEvents()
    {
        _epoll = Check(LibC.epoll_create1(LibC.O_CLOEXEC), "epoll_create1");
        _stop = Check(LibC.eventfd(0, LibC.O_CLOEXEC), "eventfd");
        Register(_stop);
        _thread = new Thread(Loop) { IsBackground = true, Name = "kernel-events" };
        _thread.Start();
    }

    /// <summary>
    /// Completes when the descriptor has something to read. The caller keeps it open until then and does not wait twice
    /// at a time for one descriptor.
    /// </summary>
    internal async Task WaitReadableAsync(int fd, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        cancellationToken.ThrowIfCancellationRequested();
        var wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_waits.TryAdd(fd, wait))
        {
            throw new InvalidOperationException($"two waits for descriptor {fd}");
        }

        try
        {
            Register(fd);
            await wait.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            // The descriptor leaves the set before its owner may close it: its number may come back as another file.
            Unregister(fd);

            _waits.TryRemove(fd, out _);
        }
    }

    public unsafe void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        long one = 1;
        _ = LibC.write(_stop, (byte*)&one, sizeof(long));
        _thread.Join();
        _ = LibC.close(_stop);
        _ = LibC.close(_epoll);
        foreach (var wait in _waits.Values)
        {
            wait.TrySetException(new ObjectDisposedException(nameof(KernelEvents)));
        }
    }

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new LinuxException(call, LibC.Errno);

    private unsafe void Register(int fd)
    {
        const uint OneShot = 1u << 30;
        var change = new LibC.EpollEvent { Events = Readable | OneShot, Fd = fd };
        Check(LibC.epoll_ctl(_epoll, Add, fd, &change), "epoll_ctl");
    }

    private unsafe void Unregister(int fd)
    {
        if (_disposed == 0)
        {
            _ = LibC.epoll_ctl(_epoll, Remove, fd, null);
        }
    }

    private unsafe void Loop()
    {
        const int Capacity = 64;
        var events = stackalloc LibC.EpollEvent[Capacity];
        while (true)
        {
            var count = LibC.epoll_wait(_epoll, events, Capacity, -1);
            if (count < 0 && LibC.Errno != LibC.EINTR)
            {
                return;
            }

            for (var i = 0; i < count; i++)
            {
                if (events[i].Fd == _stop)
                {
                    return;
                }

                if (_waits.TryGetValue(events[i].Fd, out var wait))
                {
                    wait.TrySetResult();
                }
            }
        }
    }
}
