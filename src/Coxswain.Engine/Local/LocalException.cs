namespace Coxswain.Engine.Local;

/// <summary>Why something about a local container, network or volume could not be done.</summary>
public enum LocalErrorKind
{
    NotFound,

    /// <summary>A name is taken, or the thing is in use or in the wrong state.</summary>
    Conflict,
    Invalid,
    Forbidden,

    /// <summary>Well formed, but not something this engine does.</summary>
    Unsupported,
    Failed,
}

/// <summary>A request about local containers, networks or volumes that cannot be met; the message says what to do.</summary>
public sealed class LocalException : EngineException
{
    public LocalException(LocalErrorKind kind, string message, Exception? cause = null)
        : base(message, cause!) => Kind = kind; // A null cause is what Exception itself expects when there is none.

    public LocalErrorKind Kind { get; }
}
