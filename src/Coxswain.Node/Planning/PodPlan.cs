namespace Coxswain.Node.Planning;

/// <summary>What to begin now, and when to look again if nothing happens before.</summary>
internal sealed record PodPlan(IReadOnlyList<PodAction> Actions, DateTimeOffset? WakeAt);

internal abstract record PodAction;

internal sealed record MountVolumes : PodAction;

internal sealed record RunSandbox : PodAction;

internal sealed record StartContainer(string Name) : PodAction;

/// <param name="KillAt">When SIGKILL follows.</param>
internal sealed record StopContainer(string Name, string Message, DateTimeOffset KillAt) : PodAction;

/// <summary>Gives the running attempt the limits it is to have.</summary>
internal sealed record ResizeContainer(string Name) : PodAction;

/// <summary>Nothing of the pod runs any more: give back what it holds.</summary>
internal sealed record CleanUp : PodAction;
