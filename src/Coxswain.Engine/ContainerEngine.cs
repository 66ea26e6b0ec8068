using Coxswain.Engine.Containers;
using Coxswain.Engine.Networks;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Cgroups;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine;

/// <summary>One engine over one pair of directories: what the node agent and the Docker API both use.</summary>
public sealed class ContainerEngine : IAsyncDisposable
{
    public ContainerEngine(EngineOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        Options = options;
        throw new NotImplementedException();
    }

    public EngineOptions Options { get; }

    public ISnapshots Snapshots { get; }

    public IContainers Containers { get; }

    /// <summary>Null when the options have no network.</summary>
    public IContainerNetwork? Network { get; }

    public ICgroups Cgroups { get; }

    /// <summary>Adopts what an earlier engine left running and brings the network up. Call once, first.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Removes every container, snapshot, network device, rule, control group and directory of this engine.</summary>
    public Task DeleteAllAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Lets go: containers keep running and can be adopted by another engine.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
