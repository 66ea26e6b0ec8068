using System.Net;
using Coxswain.Linux.Files;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Networks;

/// <summary>Which sandbox has which address, one file each, written before anything else of an attachment exists.</summary>
internal sealed partial class AttachmentStore(string directory, ILogger logger)
{
    public Task SaveAsync(AttachmentRecord record, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        // A flush takes milliseconds.
        return Task.Run(
            () => DurableFile.WriteJson(PathOf(record.SandboxId), record, NetworkJson.Default.AttachmentRecord), cancellationToken);
    }

    /// <summary>All that can be read. A damaged one is of a sandbox that a power failure ended; it is removed, and said.</summary>
    public IReadOnlyList<AttachmentRecord> Load()
    {
        var records = new List<AttachmentRecord>();
        if (!Directory.Exists(directory))
        {
            return records;
        }

        foreach (var file in Directory.EnumerateFiles(directory, "*.json").Order(StringComparer.Ordinal))
        {
            var read = DurableFile.ReadJson(file, NetworkJson.Default.AttachmentRecord, out var record);
            if (read == DurableRead.Whole && IPAddress.TryParse(record!.Address, out _)) // Set when whole.
            {
                records.Add(record);
            }
            else if (read != DurableRead.Missing)
            {
                Log.Unreadable(logger, file);
                File.Delete(file);
            }
        }

        return records;
    }

    public void Delete(string sandboxId)
    {
        if (Directory.Exists(directory))
        {
            File.Delete(PathOf(sandboxId));
        }
    }

    public void DeleteAll() => TreeRemover.Remove(directory);

    private string PathOf(string sandboxId) => Path.Combine(directory, sandboxId + ".json");

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The record of a sandbox's address, {File}, cannot be read and is removed")]
        public static partial void Unreadable(ILogger logger, string file);
    }
}
