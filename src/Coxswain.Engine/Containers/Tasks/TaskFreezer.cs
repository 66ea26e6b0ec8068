using Coxswain.Engine.Containers.Records;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Tasks;

/// <summary>Has all processes of a task stand still, and go on.</summary>
internal sealed class TaskFreezer(EngineOptions options, ContainerPaths paths, IProcessRunner processes)
{
    public Task FreezeAsync(string id, CancellationToken cancellationToken) => RunAsync("pause", id, cancellationToken);

    public Task ThawAsync(string id, CancellationToken cancellationToken) => RunAsync("resume", id, cancellationToken);

    private async Task RunAsync(string verb, string id, CancellationToken cancellationToken)
    {
        try
        {
            await processes.RunAsync(new ProcessSpec(options.RuncPath, "--root", paths.RuncRoot, verb, id), cancellationToken);
        }
        catch (ProcessFailedException exception)
        {
            throw new EngineException($"container {id}: cannot {verb} it: {exception.Message}", exception);
        }
    }
}
