namespace Coxswain.Controllers;

/// <summary>A loop of the cluster's own; runs until cancelled and has then stopped.</summary>
internal interface IController
{
    Task RunAsync(CancellationToken cancellationToken);
}
