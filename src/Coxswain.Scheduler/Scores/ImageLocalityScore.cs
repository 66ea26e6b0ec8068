namespace Coxswain.Scheduler.Scores;

/// <summary>
/// The more of the pod's images the node has already, the better; large ones count more, and so do those that many nodes have, lest all
/// pods of a new image end up on the first node that pulled it.
/// </summary>
internal static class ImageLocalityScore
{
    /// <summary>Images of less than so much together are pulled in no time. Kubernetes' own figures.</summary>
    private const double LeastBytes = 23 << 20;
    private const double MostBytesPerContainer = 1000 << 20;

    public static NodeScore? Prepare(ScheduledPod pod, ClusterSnapshot snapshot, IReadOnlyList<NodeInfo> feasible)
    {
        if (feasible.All(node => node.ImageSizes.Count == 0))
        {
            return null;
        }

        var spec = pod.Pod.Spec;
        var images = spec.InitContainers.Concat(spec.Containers).Select(container => container.Image)
            .Concat(spec.Volumes.Select(volume => volume.Image?.Reference).OfType<string>())
            .Where(image => image.Length > 0).Select(Normalize).ToList();
        if (images.Count == 0)
        {
            return null;
        }

        var shares = images.Distinct(StringComparer.Ordinal).ToDictionary(
            image => image, image => (double)snapshot.Nodes.Values.Count(node => node.ImageSizes.ContainsKey(image)) / snapshot.Nodes.Count, StringComparer.Ordinal);
        var most = MostBytesPerContainer * images.Count;
        return node =>
        {
            var bytes = images.Sum(image => Math.Floor(node.ImageSizes.GetValueOrDefault(image) * shares[image]));
            return 100 * (Math.Clamp(bytes, LeastBytes, most) - LeastBytes) / (most - LeastBytes);
        };
    }

    /// <summary>With the tag that a name without one means.</summary>
    private static string Normalize(string image) =>
        image.LastIndexOf(':') > image.LastIndexOf('/') || image.Contains('@', StringComparison.Ordinal) ? image : image + ":latest";
}
