namespace Coxswain.Linux.Files;

/// <summary>What a walk does with a mount point in its tree. It never goes into one.</summary>
public enum MountsBelow
{
    /// <summary>Throws: the caller believes that there is none.</summary>
    Refuse,

    /// <summary>Leaves it, and so the directories above it, as they are.</summary>
    Skip,
}
