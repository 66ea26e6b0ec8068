using System.Text;

namespace Coxswain.Hosting;

/// <summary>
/// The server's own log: lines appended to a file that is renamed away when it has grown large. One previous file is
/// kept, so that a server that runs for a year takes twice <see cref="MostBytes"/>.
/// </summary>
internal sealed class RotatingLog(string path, long mostBytes = RotatingLog.MostBytes) : TextWriter
{
    public const long MostBytes = 16 * 1024 * 1024;

    private readonly Lock _lock = new();
    private FileStream _file = Append(path);

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Renames the log of an earlier server, if there is one.</summary>
    public static void KeepPrevious(string path)
    {
        if (File.Exists(path))
        {
            File.Move(path, path + ".1", overwrite: true);
        }
    }

    public override void Write(char value) => Write(value.ToString());

    public override void Write(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return;
        }

        lock (_lock)
        {
            try
            {
                _file.Write(Encoding.GetBytes(value));
                _file.Flush();
                if (_file.Length > mostBytes && value.EndsWith('\n'))
                {
                    KeepPrevious(path);
                    var next = Append(path);
                    _file.Dispose();
                    _file = next;
                }
            }
            catch (IOException)
            {
                // A full disk costs the line, not the server.
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    private static FileStream Append(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Append,
        Access = FileAccess.Write,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });
}
