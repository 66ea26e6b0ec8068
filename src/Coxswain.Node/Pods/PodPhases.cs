namespace Coxswain.Node.Pods;

/// <summary>What one pod's life consists of.</summary>
internal sealed record PodPhases(
    VolumesPhase Volumes, SandboxPhase Sandbox, PodContainers Containers, StartPhase Starts, StopPhase Stops, ResizePhase Resizes,
    StatusPhase Status, CleanUpPhase CleanUp)
    : IDisposable
{
    public void Dispose()
    {
        Volumes.Dispose();
        Starts.Dispose();
    }
}
