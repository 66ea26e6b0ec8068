using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler;

/// <summary>What the claims of one pod ask of its node.</summary>
/// <param name="Refusal">Why no node can take the pod, whichever it is; null when the nodes have to be asked.</param>
/// <param name="Volumes">Where the volumes that are bound already can be reached; all have to hold.</param>
/// <param name="Unbound">Claims that are bound once the node is known.</param>
public sealed record VolumeNeeds(string? Refusal, IReadOnlyList<NodeSelector> Volumes, IReadOnlyList<UnboundClaim> Unbound)
{
    public static readonly VolumeNeeds None = new(null, [], []);
}

/// <param name="Candidates">Volumes that would suit, the best first.</param>
/// <param name="MayProvision">A volume can be made on any node that is asked.</param>
/// <param name="SelectedNode">The node that was chosen before and is being provisioned on; empty for none.</param>
public sealed record UnboundClaim(string Namespace, string Name, IReadOnlyList<PersistentVolume> Candidates, bool MayProvision, string SelectedNode);
