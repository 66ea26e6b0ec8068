using System.Text.Json;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Networks;

/// <summary>Which sandbox has which address, one file each, written before anything else of an attachment exists.</summary>
internal sealed class AttachmentStore(string directory)
{
    public Task SaveAsync(AttachmentRecord record, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        return EngineJson.WriteAsync(PathOf(record.SandboxId), record, EngineJson.Default.AttachmentRecord, cancellationToken);
    }

    public IReadOnlyList<AttachmentRecord> Load()
    {
        var records = new List<AttachmentRecord>();
        if (!Directory.Exists(directory))
        {
            return records;
        }

        foreach (var file in Directory.EnumerateFiles(directory, "*.json").Order(StringComparer.Ordinal))
        {
            var bytes = File.ReadAllBytes(file);
            records.Add(JsonSerializer.Deserialize(bytes, EngineJson.Default.AttachmentRecord)
                ?? throw new EngineException($"{file} holds null"));
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

    public void DeleteAll()
    {
        TreeRemover.Remove(directory);
    }

    private string PathOf(string sandboxId) => Path.Combine(directory, sandboxId + ".json");
}
