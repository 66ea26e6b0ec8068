namespace Coxswain.ApiServer.Documents;

/// <summary>The finalizers that Kubernetes itself gives a meaning.</summary>
internal static class Finalizers
{
    /// <summary>Wait for the dependents that block.</summary>
    public const string Foreground = "foregroundDeletion";

    /// <summary>Make the dependents orphans first.</summary>
    public const string Orphan = "orphan";
}
