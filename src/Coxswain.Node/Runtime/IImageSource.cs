using Coxswain.Engine.Images;

namespace Coxswain.Node.Runtime;

/// <summary>Fetches images from registries; what there is none of, the engine runs without.</summary>
public interface IImageSource
{
    /// <exception cref="ImageException">The registry has it not, or not for us, or cannot be reached.</exception>
    Task<Image> PullAsync(string reference, IReadOnlyList<ImageCredential> credentials, CancellationToken cancellationToken);
}
