namespace Coxswain.Controllers.Nodes;

/// <summary>How much of a zone is silent or not ready.</summary>
internal enum ZoneState
{
    /// <summary>All, or all but a few, are ready.</summary>
    Normal,

    /// <summary>More than half are not: rather the network than the nodes.</summary>
    PartialDisruption,

    /// <summary>Not one is ready.</summary>
    FullDisruption,
}
