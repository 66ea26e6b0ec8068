using System.Text.Json;
using Coxswain.Linux.Files;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Containers;

/// <summary>The records on disk, one directory a container.</summary>
internal sealed partial class ContainerStore(ContainerPaths paths, ILogger<ContainerStore> logger)
{
    public async Task SaveAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(paths.Container(record.Id));
        await EngineJson.WriteAsync(paths.Record(record.Id), record, EngineJson.Default.ContainerRecord, cancellationToken);
    }

    /// <summary>All records. One that cannot be read is left where it is, and said.</summary>
    public async Task<IReadOnlyList<ContainerRecord>> LoadAsync(CancellationToken cancellationToken)
    {
        var records = new List<ContainerRecord>();
        foreach (var directory in Directory.EnumerateDirectories(paths.Containers).Order(StringComparer.Ordinal))
        {
            var id = Path.GetFileName(directory);
            try
            {
                var bytes = await File.ReadAllBytesAsync(paths.Record(id), cancellationToken);
                records.Add(JsonSerializer.Deserialize(bytes, EngineJson.Default.ContainerRecord)
                    ?? throw new JsonException("the file holds null"));
            }
            catch (Exception exception) when (exception is IOException or JsonException)
            {
                Log.RecordUnreadable(logger, exception, id);
            }
        }

        return records;
    }

    public void Delete(string id)
    {
        TreeRemover.Remove(paths.Container(id));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The record of container {Container} cannot be read and is ignored")]
        public static partial void RecordUnreadable(ILogger logger, Exception exception, string container);
    }
}
