using System.Collections.Concurrent;
using System.Text.Json;

namespace Coxswain.Node.Runtime;

/// <summary>Remembers sandboxes over restarts, one small file each, and which of them are of this boot of the machine.</summary>
internal sealed class SandboxFiles
{
    private static readonly string BootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private readonly string _directory;
    private readonly ConcurrentDictionary<string, Sandbox> _sandboxes = new(StringComparer.Ordinal);

    public SandboxFiles(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
        foreach (var path in Directory.EnumerateFiles(directory, "*.json"))
        {
            // One that was cut off by a crash is of a sandbox that was never used.
            if (TryRead(path) is { } sandbox)
            {
                _sandboxes[sandbox.Config.Id] = sandbox;
            }
            else
            {
                File.Delete(path);
            }
        }
    }

    public SandboxConfig? Find(string id) => _sandboxes.GetValueOrDefault(id)?.Config;

    public IReadOnlyList<SandboxConfig> List() => [.. _sandboxes.Values.Select(sandbox => sandbox.Config)];

    /// <summary>False after a reboot, which nothing of a sandbox outlives.</summary>
    public bool IsOfThisBoot(string id) => _sandboxes.GetValueOrDefault(id)?.BootId == BootId;

    public void Write(SandboxConfig config)
    {
        var sandbox = new Sandbox(config, BootId);
        File.WriteAllBytes(PathOf(config.Id), JsonSerializer.SerializeToUtf8Bytes(sandbox));
        _sandboxes[config.Id] = sandbox;
    }

    public void Remove(string id)
    {
        if (_sandboxes.TryRemove(id, out _))
        {
            File.Delete(PathOf(id));
        }
    }

    private string PathOf(string id) => Path.Combine(_directory, id + ".json");

    private static Sandbox? TryRead(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Sandbox>(File.ReadAllBytes(path)) is { Config.Id.Length: > 0 } sandbox ? sandbox : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Sandbox(SandboxConfig Config, string BootId);
}
