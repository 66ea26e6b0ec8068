using Coxswain.Linux.Files;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Local.Lifecycle;

/// <summary>Local containers on disk: a directory each, with its record, its log and the files its names are in.</summary>
internal sealed partial class LocalStore(EngineOptions options, ILogger logger)
{
    private readonly string _directory = Path.Combine(options.DataDirectory, "local-containers");

    public string DirectoryOf(string id) => Path.Combine(_directory, id);

    public string LogOf(string id) => Path.Combine(_directory, id, "log", "0.log");

    public string FileOf(string id, string name) => Path.Combine(_directory, id, name);

    /// <summary>Null in place of a record that is damaged: then nobody knows what the container was.</summary>
    public IEnumerable<(string Id, LocalContainerRecord? Record)> Load()
    {
        if (!Directory.Exists(_directory))
        {
            yield break;
        }

        foreach (var directory in Directory.EnumerateDirectories(_directory).Order(StringComparer.Ordinal).ToArray())
        {
            var id = Path.GetFileName(directory);
            var read = DurableFile.ReadJson(RecordOf(id), LocalJson.Default.LocalContainerRecord, out var record);
            if (read == DurableRead.Damaged)
            {
                Log.Unreadable(logger, id);
            }

            yield return (id, record);
        }
    }

    public void Save(LocalContainerRecord record)
    {
        Directory.CreateDirectory(DirectoryOf(record.Id));
        DurableFile.WriteJson(RecordOf(record.Id), record, LocalJson.Default.LocalContainerRecord);
    }

    public void Delete(string id) => TreeRemover.Remove(DirectoryOf(id));

    public void DeleteAll() => TreeRemover.Remove(_directory);

    private string RecordOf(string id) => FileOf(id, "container.json");

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The record of local container {Container} cannot be read and is ignored")]
        public static partial void Unreadable(ILogger logger, string container);
    }
}
