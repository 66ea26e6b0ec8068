using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Volumes;

/// <summary>The files of images as volumes.</summary>
internal interface IImageVolumes
{
    /// <summary>Brings the image here, as its policy says, and returns where its files are. They go with the pod's sandbox.</summary>
    /// <exception cref="VolumeException">The image cannot be had.</exception>
    Task<string> MountAsync(Pod pod, string volume, ImageVolumeSource source, CancellationToken cancellationToken);
}
