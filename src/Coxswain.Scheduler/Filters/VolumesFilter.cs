namespace Coxswain.Scheduler.Filters;

/// <summary>Volumes that can be reached from the node, or can be found or made there.</summary>
internal static class VolumesFilter
{
    private static readonly string[] Elsewhere = ["node(s) didn't match PersistentVolume's node affinity"];
    private static readonly string[] NotFound = ["node(s) didn't find available persistent volumes to bind"];

    public static NodeFilter? Prepare(VolumeNeeds needs) => needs.Volumes.Count == 0 && needs.Unbound.Count == 0
        ? null
        : node => !needs.Volumes.All(volume => NodeSelection.Matches(volume, node.Node)) ? Elsewhere
            : needs.Unbound.All(claim => Suits(claim, node)) ? [] : NotFound;

    private static bool Suits(UnboundClaim claim, NodeInfo node) =>
        (claim.SelectedNode.Length == 0 || claim.SelectedNode == node.Name) && (claim.MayProvision || claim.Candidates.Any(volume =>
            volume.Spec.NodeAffinity?.Required is not { } required || NodeSelection.Matches(required, node.Node)));
}
