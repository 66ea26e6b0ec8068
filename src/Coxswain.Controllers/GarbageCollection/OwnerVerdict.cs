namespace Coxswain.Controllers.GarbageCollection;

/// <summary>What an owner means for its dependent.</summary>
internal enum OwnerVerdict
{
    /// <summary>It exists: the dependent stays.</summary>
    Solid,

    /// <summary>It is gone: the reference dangles.</summary>
    Absent,

    /// <summary>It waits, being deleted in the foreground, for its dependents to go first.</summary>
    WaitingForDependents,
}
