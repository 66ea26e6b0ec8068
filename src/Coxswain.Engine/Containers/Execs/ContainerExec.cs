using Coxswain.Engine.Containers.Tasks;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Execs;

/// <summary>One <c>runc exec</c> and the process it stands for.</summary>
internal sealed class ContainerExec : IContainerExec
{
    private const int WindowChanged = 28;
    private const int RuncFailed = 255;

    private readonly IChildProcess _runc;
    private readonly PseudoTerminal? _terminal;
    private readonly string _directory;
    private readonly bool _detached;

    public ContainerExec(
        string id, IChildProcess runc, PseudoTerminal? terminal, string directory, ExecSpec spec)
    {
        Id = id;
        _runc = runc;
        _terminal = terminal;
        _directory = directory;
        _detached = spec.Detached;
        Input = terminal is null ? runc.Input : spec.Stdin ? terminal.Stream : null;
        Output = terminal?.Stream ?? runc.Output ?? Stream.Null;
        Error = terminal is null ? runc.Error ?? Stream.Null : null;
        Exited = WaitAsync();
    }

    public string Id { get; }

    public Stream? Input { get; }

    public Stream Output { get; }

    public Stream? Error { get; }

    public Task<int> Exited { get; }

    /// <summary>The process in our pid namespace; 0 before it is made and when it has ended.</summary>
    public int Pid => !Exited.IsCompleted && ProcessInfo.Children(_runc.Pid) is [var first, ..] ? first : 0;

    public Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_terminal is not null && !Exited.IsCompleted)
        {
            _terminal.Resize(size.Columns, size.Rows);
            // The terminal is not runc's controlling one, so the kernel does not tell it by itself.
            _runc.Signal(WindowChanged);
        }

        return Task.CompletedTask;
    }

    public bool Kill(int signal)
    {
        if (Exited.IsCompleted)
        {
            return false;
        }

        // runc passes signals on, but this one would end it and leave the process; so it goes to the process itself.
        var processes = signal == Signals.Kill ? ProcessInfo.Children(_runc.Pid) : [];
        foreach (var process in processes)
        {
            Signals.Send(process, signal);
        }

        return processes.Count > 0 || _runc.Signal(signal);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_detached)
            {
                Kill(Signals.Kill);
                await Exited;
            }
        }
        finally
        {
            _terminal?.Dispose();
            await _runc.DisposeAsync();
        }
    }

    private async Task<int> WaitAsync()
    {
        var code = await _runc.Exited;
        // With this code runc either passes on the process' own or says that it could not be started; then it has logged why.
        try
        {
            var log = Path.Combine(_directory, "log");
            var words = code == RuncFailed && File.Exists(log) ? await File.ReadAllTextAsync(log) : "";
            if (words.Length > 0)
            {
                code = RuncErrors.CodeOf(words) is var known and not 128 ? known : 126;
            }

            TreeRemover.Remove(_directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has ended all the same, with that code; the next engine removes what is left.
        }

        return code;
    }
}
