namespace Coxswain.Engine.Images;

/// <summary>Why an image operation failed; the node turns it into the reason of <c>ErrImagePull</c>, the Docker API into a status code.</summary>
public enum ImageErrorKind
{
    /// <summary>The input is malformed: a reference, an archive, a manifest.</summary>
    Invalid,

    /// <summary>No such image, here or in the registry.</summary>
    NotFound,

    /// <summary>The image is used by a container or carries other tags.</summary>
    Conflict,

    /// <summary>The registry wants (other) credentials.</summary>
    Unauthorized,

    /// <summary>The registry could not be reached, or did not answer as one.</summary>
    Unreachable,

    /// <summary>Content does not match its digest.</summary>
    Corrupt,

    /// <summary>Well formed, but not something this engine does.</summary>
    Unsupported,

    /// <summary>A tool or the file system failed.</summary>
    Failed,
}

/// <summary>A failure of the image store, its archives or a registry.</summary>
public sealed class ImageException : EngineException
{
    public ImageException(ImageErrorKind kind, string message, Exception? cause = null)
        : base(message, cause!) => Kind = kind; // A null cause is what Exception itself expects when there is none.

    public ImageErrorKind Kind { get; }
}
