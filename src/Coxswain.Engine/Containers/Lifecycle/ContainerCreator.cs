using System.Security.Cryptography;
using Coxswain.Engine.Containers.Oci;
using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Snapshots;

namespace Coxswain.Engine.Containers.Lifecycle;

/// <summary>Makes what is kept of a container, and takes back what was made when that fails.</summary>
internal sealed class ContainerCreator(
    EngineOptions options, ContainerStore store, ContainerRemover remover, ISnapshots snapshots, TimeProvider time)
{
    public static string NewId() => RandomNumberGenerator.GetHexString(64, lowercase: true);

    public ContainerRecord Describe(ContainerSpec spec)
    {
        var id = spec.Id ?? NewId();
        Names.Check("container", id);
        SpecCheck.Check(spec);
        var root = spec.Root.Directory ?? Path.Combine(options.DataDirectory, "snapshots", id, "root");
        var cgroup = spec.CgroupParent.Length == 0
            ? $"{options.CgroupParent}/{id}"
            : $"{options.CgroupParent}/{spec.CgroupParent.Trim('/')}/{id}";
        return new ContainerRecord(id, spec with { Id = id }, root, cgroup, time.GetUtcNow());
    }

    /// <summary>The record comes last: if we die before it, the next engine takes back what there is.</summary>
    public async Task CreateAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        store.Begin(record.Id);
        try
        {
            if (record.Spec.Root.LayerDirectories is { } layers)
            {
                await snapshots.PrepareAsync(record.Id, layers, cancellationToken);
            }

            await store.SaveAsync(record, cancellationToken);
        }
        catch (Exception exception)
        {
            await TakeBackAsync(record, exception);
            throw;
        }
    }

    private async Task TakeBackAsync(ContainerRecord record, Exception cause)
    {
        try
        {
            await remover.RemoveAsync(record.Id, record, new TaskRecord(), CancellationToken.None);
        }
        catch (Exception exception)
        {
            throw new EngineException(
                $"container {record.Id} could not be created, nor what was made of it removed",
                new AggregateException(cause, exception));
        }
    }
}
