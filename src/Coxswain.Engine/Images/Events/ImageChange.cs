namespace Coxswain.Engine.Images.Events;

/// <summary>What happened to an image, in the words of <c>docker events</c>.</summary>
public enum ImageChangeKind
{
    Pull,
    Push,
    Load,
    Import,
    Build,
    Tag,
    Untag,
    Delete,
}

/// <summary>One thing that happened to an image of the store.</summary>
/// <param name="Name">The full reference it happened to; the image's id when it has no name.</param>
/// <param name="Digest">The image's id.</param>
public sealed record ImageChange(ImageChangeKind Kind, string Name, Digest Digest, DateTimeOffset Time);

/// <summary>Tells what happens to images, once it has happened and in order for each image.</summary>
public interface IImageEvents
{
    /// <summary>
    /// Calls the observer for each change until the result is disposed. It is called on the thread that made the change, so it must
    /// hand over and return; what it throws is logged and forgotten.
    /// </summary>
    IDisposable Subscribe(Action<ImageChange> observer);
}
