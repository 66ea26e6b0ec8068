using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Finds the images a Dockerfile names: in the store, else in their registry.</summary>
internal sealed class BaseImages(ImageStore store, IImagePuller? puller, IRegistryCredentials? credentials)
{
    public async Task<Image> GetAsync(string reference, int line, CancellationToken cancellationToken)
    {
        try
        {
            if (await store.FindAsync(reference, cancellationToken) is { } image)
            {
                return image;
            }

            return puller is not null
                ? await puller.PullAsync(
                    reference,
                    new PullOptions { Credentials = credentials?.Find(ImageReference.Parse(reference).Domain) },
                    cancellationToken)
                : throw new ImageException(ImageErrorKind.NotFound, $"no such image: {reference}");
        }
        catch (ImageException exception)
        {
            throw new BuildException(
                line,
                $"{exception.Message} (build, load or bootstrap {reference} first, e.g. coxswain image bootstrap -t {reference})",
                exception);
        }
    }
}
