namespace Coxswain.Node.Pods;

/// <summary>Brings one pod's newest status to the API, one write at a time. For the worker's loop alone.</summary>
internal sealed class StatusPhase(PodReport report, PodOperations operations)
{
    public const string Name = "status";

    public void BeginIfChanged(CancellationToken cancellationToken)
    {
        if (!operations.IsRunning(Name) && !operations.IsRunning(CleanUpPhase.Name) && !report.IsWritten)
        {
            operations.Begin(Name, WriteAsync, _ => { }, () => { }, cancellationToken);
        }
    }

    private async Task<bool> WriteAsync(CancellationToken cancellationToken)
    {
        await report.WriteAsync(cancellationToken);
        return true;
    }
}
