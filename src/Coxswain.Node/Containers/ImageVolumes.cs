using Coxswain.Api.Core.V1;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;

namespace Coxswain.Node.Containers;

/// <summary>Images as volumes, pulled as those of containers are.</summary>
internal sealed class ImageVolumes(IPodRuntime runtime, ImagePuller images) : IImageVolumes
{
    public async Task<string> MountAsync(Pod pod, string volume, ImageVolumeSource source, CancellationToken cancellationToken)
    {
        try
        {
            var image = await images.EnsureAsync(pod, source.Reference, source.PullPolicy, "", cancellationToken);
            return await runtime.MountImageAsync(pod.Metadata.Uid, volume, image.Id, cancellationToken);
        }
        catch (Exception exception) when (exception is AttemptFailedException or RuntimeException)
        {
            throw new VolumeException(exception.Message, exception);
        }
    }
}
