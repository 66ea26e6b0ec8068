using System.Text.Json;
using Coxswain.Engine.Containers.Oci;
using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Containers.Tasks;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Cgroups;

namespace Coxswain.Engine.Containers.Lifecycle;

/// <summary>Removes every trace of a container, in whatever state of being made it was left. Safe to repeat.</summary>
internal sealed class ContainerRemover(
    EngineOptions options, ContainerPaths paths, ContainerStore store, TaskCleaner cleaner, ISnapshots snapshots, ICgroups cgroups)
{
    /// <param name="record">Null for a creation that was cut short.</param>
    public async Task RemoveAsync(string id, ContainerRecord? record, TaskRecord task, CancellationToken cancellationToken)
    {
        await cleaner.ClearAsync(id, record?.CgroupPath ?? ReadCgroupPath(id), task, cancellationToken);
        if (record?.Spec.Root.LayerDirectories is not null || record is null)
        {
            await snapshots.RemoveAsync(id, cancellationToken);
        }

        // Last: as long as anything is left, the directory says that it must go.
        store.Delete(id);
    }

    /// <summary>Removes the groups above a container's own that have nothing in them any more, up to the engine's.</summary>
    public void RemoveEmptyParents(ContainerRecord record)
    {
        var parent = Path.GetDirectoryName(record.CgroupPath);
        while (parent is not null && parent.StartsWith(options.CgroupParent + "/", StringComparison.Ordinal)
            && cgroups.RemoveIfEmpty(parent))
        {
            parent = Path.GetDirectoryName(parent);
        }
    }

    private string? ReadCgroupPath(string id)
    {
        try
        {
            var config = JsonSerializer.Deserialize(
                File.ReadAllBytes(paths.InBundle(id, "config.json")), OciJson.Default.RuntimeSpec);
            return config?.Linux.CgroupsPath is { } path && path.StartsWith(options.CgroupParent + "/", StringComparison.Ordinal)
                ? path
                : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }
}
