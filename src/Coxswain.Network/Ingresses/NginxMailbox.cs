using System.Globalization;
using System.Text;
using Coxswain.Linux.Files;

namespace Coxswain.Network.Ingresses;

/// <summary>
/// The folder by which a configuration gets to the Pod that runs nginx. The Pod tries each before it takes it, and answers; it
/// also says when it has started. The configuration it took last stays there, and so serves without us.
/// </summary>
internal sealed class NginxMailbox : IDisposable
{
    private const string Hello = "hello";
    private const int LongestAnswer = 16 * 1024;
    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Action _hello;
    private readonly FileSystemWatcher _watcher;
    private readonly Lock _lock = new();
    private (string Name, TaskCompletionSource Arrived)? _awaited;
    private long _number;

    /// <param name="hello">Called when the Pod has started and may have nothing.</param>
    public NginxMailbox(string folder, TimeProvider time, Action hello)
    {
        _folder = folder;
        _time = time;
        _hello = hello;
        foreach (var directory in new[] { folder, Answers, Path.Combine(folder, "tls"), Path.Combine(folder, "auth") })
        {
            Directory.CreateDirectory(directory);
            File.SetUnixFileMode(directory, Passable);
        }

        _watcher = new FileSystemWatcher(Answers) { NotifyFilter = NotifyFilters.FileName };
        _watcher.Renamed += (_, renamed) => Arrived(renamed.Name);
        _watcher.Error += (_, _) => _hello();
        _watcher.EnableRaisingEvents = true;
    }

    private string Answers => Path.Combine(_folder, "answers");

    /// <summary>Hands a configuration over and waits for what nginx says.</summary>
    /// <param name="files">What it names; others are removed when it was taken.</param>
    public async Task<NginxAnswer> SendAsync(string configuration, IReadOnlyDictionary<string, string> files, CancellationToken cancellationToken)
    {
        foreach (var (name, content) in files)
        {
            // Names tell of the content: what is there is right.
            await WriteAsync(Path.Combine(_folder, name), content, replaces: false, cancellationToken);
        }

        await WriteAsync(Path.Combine(_folder, "candidate.conf"), configuration, replaces: true, cancellationToken);
        var number = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{++_number}");
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _awaited = (number, arrived);
        }

        if (!Fifo.Write(Path.Combine(_folder, "requests"), Encoding.ASCII.GetBytes(number + "\n")))
        {
            return NginxAnswer.Nobody;
        }

        try
        {
            await arrived.Task.WaitAsync(Patience, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return NginxAnswer.Nobody;
        }

        var answer = Read(Path.Combine(Answers, number));
        if (answer.IsTaken)
        {
            RemoveOthers("tls", files);
            RemoveOthers("auth", files);
        }

        return answer;
    }

    public void Dispose() => _watcher.Dispose();

    private void Arrived(string? name)
    {
        if (name == Hello)
        {
            _hello();
            return;
        }

        lock (_lock)
        {
            if (_awaited is { } awaited && awaited.Name == name)
            {
                awaited.Arrived.TrySetResult();
            }
        }
    }

    private static NginxAnswer Read(string path)
    {
        using var file = File.OpenRead(path);
        var buffer = new byte[LongestAnswer];
        var text = Encoding.UTF8.GetString(buffer, 0, file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
        File.Delete(path);
        return text.StartsWith('0') ? NginxAnswer.Taken : new NginxAnswer(IsThere: true, IsTaken: false, text[Math.Min(2, text.Length)..].Trim());
    }

    private static async Task WriteAsync(string path, string content, bool replaces, CancellationToken cancellationToken)
    {
        if (!replaces && File.Exists(path))
        {
            return;
        }

        var isSecret = path.EndsWith(".pem", StringComparison.Ordinal);
        await using (var file = new FileStream(path + ".new", new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write,
            UnixCreateMode = isSecret ? UnixFileMode.UserRead | UnixFileMode.UserWrite : Everybody,
        }))
        {
            await file.WriteAsync(Encoding.UTF8.GetBytes(content), cancellationToken);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    private void RemoveOthers(string directory, IReadOnlyDictionary<string, string> files)
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(_folder, directory)))
        {
            if (!files.ContainsKey($"{directory}/{Path.GetFileName(path)}"))
            {
                File.Delete(path);
            }
        }
    }
}

/// <param name="IsThere">Somebody answered.</param>
/// <param name="Output">What nginx says is wrong.</param>
internal sealed record NginxAnswer(bool IsThere, bool IsTaken, string Output)
{
    public static readonly NginxAnswer Nobody = new(IsThere: false, IsTaken: false, "");

    public static readonly NginxAnswer Taken = new(IsThere: true, IsTaken: true, "");

    /// <summary>The line of the configuration it is about; 0 when it does not say.</summary>
    public int Line
    {
        get
        {
            const string before = "candidate.conf:";
            var at = Output.IndexOf(before, StringComparison.Ordinal);
            var digits = at < 0 ? "" : new string([.. Output[(at + before.Length)..].TakeWhile(char.IsAsciiDigit)]);
            return int.TryParse(digits, out var line) ? line : 0;
        }
    }
}
