namespace Coxswain.Controllers;

/// <summary>The users, beside an account a controller, under whose names the control plane acts.</summary>
internal static class ControllerUsers
{
    public const string Manager = "system:kube-controller-manager";

    public const string Scheduler = "system:kube-scheduler";
}
