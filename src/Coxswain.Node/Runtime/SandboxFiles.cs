using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coxswain.Linux.Files;

namespace Coxswain.Node.Runtime;

/// <summary>Remembers sandboxes over restarts, one small file each, and which of them are of this boot of the machine.</summary>
internal sealed class SandboxFiles
{
    private const string Suffix = ".json";

    private static readonly string BootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static readonly JsonTypeInfo<Sandbox> Type = (JsonTypeInfo<Sandbox>)JsonSerializerOptions.Default.GetTypeInfo(typeof(Sandbox));

    private readonly string _directory;
    private readonly ConcurrentDictionary<string, Sandbox> _sandboxes = new(StringComparer.Ordinal);

    public SandboxFiles(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
        foreach (var path in Directory.EnumerateFiles(directory))
        {
            // The rest is what writers that were killed had begun aside.
            if (path.EndsWith(Suffix, StringComparison.Ordinal)
                && DurableFile.ReadJson(path, Type, out var sandbox) == DurableRead.Whole && sandbox is { Config.Id.Length: > 0 })
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
        DurableFile.WriteJson(PathOf(config.Id), sandbox, Type);
        _sandboxes[config.Id] = sandbox;
    }

    public void Remove(string id)
    {
        if (_sandboxes.TryRemove(id, out _))
        {
            File.Delete(PathOf(id));
        }
    }

    private string PathOf(string id) => Path.Combine(_directory, id + Suffix);

    private sealed record Sandbox(SandboxConfig Config, string BootId);
}
