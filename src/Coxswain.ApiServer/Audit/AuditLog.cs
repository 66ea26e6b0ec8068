using System.Globalization;
using System.Threading.Channels;
using Coxswain.ApiServer.Documents;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Audit;

/// <summary>
/// Writes down requests as a policy says, one JSON object a line, into a file that is put aside when it is full. A request waits while too
/// much is still to be written, so that nothing is lost; what the disk does not take is lost, and said.
/// </summary>
internal sealed partial class AuditLog(AuditOptions options, AuditPolicy policy, IdentitySource identities, TimeProvider time, ILogger<AuditLog> logger)
{
    /// <summary>How many lines may wait for the disk.</summary>
    private const int MostWaiting = 1000;

    /// <summary>How many lines are written before they are handed to the disk.</summary>
    private const int MostAtOnce = 256;

    private readonly Channel<byte[]> _lines = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private long _written;
    private long _lost;

    public long Written => Interlocked.Read(ref _written);

    public long Lost => Interlocked.Read(ref _lost);

    /// <exception cref="IOException">The policy's file cannot be read.</exception>
    /// <exception cref="FormatException">It is no policy.</exception>
    public static AuditLog Open(AuditOptions options, IdentitySource identities, TimeProvider time, ILogger<AuditLog> logger)
    {
        try
        {
            return new AuditLog(options, AuditPolicy.Parse(File.ReadAllText(options.PolicyFile)), identities, time, logger);
        }
        catch (FormatException exception)
        {
            throw new FormatException($"{options.PolicyFile}: {exception.Message}", exception);
        }
    }

    /// <summary>Null when nothing of the request is written down.</summary>
    public AuditRecord? Begin(in AuditedRequest request, string uri) => policy.Find(request) is { } rule
        ? new AuditRecord(rule, request, identities.NewUid(), uri, time.GetUtcNow(), policy.OmitsManagedFields) : null;

    public ValueTask WriteAsync(AuditRecord record, string stage, int code, CancellationToken cancellationToken) =>
        record.Writes(stage) ? _lines.Writer.WriteAsync(record.Line(stage, time.GetUtcNow(), code), cancellationToken) : ValueTask.CompletedTask;

    /// <summary>No more comes: <see cref="RunAsync"/> ends when all is written.</summary>
    public void Complete() => _lines.Writer.TryComplete();

    public async Task RunAsync()
    {
        FileStream? file = null;
        try
        {
            while (await _lines.Reader.WaitToReadAsync(CancellationToken.None))
            {
                var count = 0;
                try
                {
                    while (count < MostAtOnce && _lines.Reader.TryRead(out var line))
                    {
                        count++;
                        file = await RotateAsync(file, line.Length);
                        await file.WriteAsync(line, CancellationToken.None);
                    }

                    await file!.FlushAsync(CancellationToken.None); // there was a line
                    Interlocked.Add(ref _written, count);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    Interlocked.Add(ref _lost, count);
                    Log.NotWritten(logger, exception, count);
                    await CloseAsync(file);
                    file = null;
                }
            }
        }
        finally
        {
            await CloseAsync(file);
        }
    }

    /// <summary>The file that takes the next line.</summary>
    private async ValueTask<FileStream> RotateAsync(FileStream? file, int bytes)
    {
        file ??= OpenFile();
        if (file.Length == 0 || file.Length + bytes <= options.MostBytes)
        {
            return file;
        }

        await file.DisposeAsync();
        var (folder, stem, ending) = Names();
        var stamp = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH-mm-ss.fff", CultureInfo.InvariantCulture);
        File.Move(options.LogFile, Path.Combine(folder, $"{stem}-{stamp}{ending}"), overwrite: true);
        foreach (var old in Directory.GetFiles(folder, $"{stem}-*{ending}").Order(StringComparer.Ordinal).SkipLast(options.MostBackups))
        {
            File.Delete(old);
        }

        return OpenFile();
    }

    private FileStream OpenFile()
    {
        Directory.CreateDirectory(Names().Folder);
        return new FileStream(options.LogFile, new FileStreamOptions
        {
            Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    private (string Folder, string Stem, string Ending) Names() => (
        Path.GetDirectoryName(Path.GetFullPath(options.LogFile))!, // a file lies in a folder
        Path.GetFileNameWithoutExtension(options.LogFile), Path.GetExtension(options.LogFile));

    private static async ValueTask CloseAsync(FileStream? file)
    {
        try
        {
            if (file is not null)
            {
                await file.DisposeAsync();
            }
        }
        catch (IOException)
        {
            // What could not be written was said to be lost.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Count} lines of the audit log were not written")]
        public static partial void NotWritten(ILogger logger, Exception exception, int count);
    }
}
