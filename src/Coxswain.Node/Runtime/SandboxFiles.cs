using System.Collections.Concurrent;
using System.Text.Json;

namespace Coxswain.Node.Runtime;

/// <summary>Remembers sandboxes over restarts, one small file each.</summary>
internal sealed class SandboxFiles
{
    private readonly string _directory;
    private readonly ConcurrentDictionary<string, SandboxConfig> _sandboxes = new(StringComparer.Ordinal);

    public SandboxFiles(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
        foreach (var path in Directory.EnumerateFiles(directory, "*.json"))
        {
            // One that was cut off by a crash is of a sandbox that was never used.
            if (TryRead(path) is { } config)
            {
                _sandboxes[config.Id] = config;
            }
            else
            {
                File.Delete(path);
            }
        }
    }

    public SandboxConfig? Find(string id) => _sandboxes.GetValueOrDefault(id);

    public IReadOnlyList<SandboxConfig> List() => [.. _sandboxes.Values];

    public void Write(SandboxConfig config)
    {
        File.WriteAllBytes(PathOf(config.Id), JsonSerializer.SerializeToUtf8Bytes(config));
        _sandboxes[config.Id] = config;
    }

    public void Remove(string id)
    {
        if (_sandboxes.TryRemove(id, out _))
        {
            File.Delete(PathOf(id));
        }
    }

    private string PathOf(string id) => Path.Combine(_directory, id + ".json");

    private static SandboxConfig? TryRead(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<SandboxConfig>(File.ReadAllBytes(path));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
