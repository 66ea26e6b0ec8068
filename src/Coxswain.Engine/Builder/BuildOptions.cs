using Coxswain.Engine.Images.Registry;

namespace Coxswain.Engine.Builder;

public sealed record BuildOptions
{
    /// <summary>What COPY and ADD read from.</summary>
    public required string ContextDirectory { get; init; }

    /// <summary>Null for <c>Dockerfile</c> in the context.</summary>
    public string? DockerfilePath { get; init; }

    /// <summary>The Dockerfile itself, when it is not a file (<c>-f -</c>).</summary>
    public string? DockerfileText { get; init; }

    /// <summary>Names for the image; they move to it when all is done.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyDictionary<string, string> BuildArguments { get; init; } = new Dictionary<string, string>();

    /// <summary>Added to those of the Dockerfile.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The stage to stop at, by name or number; null for the last.</summary>
    public string? Target { get; init; }

    /// <summary>Run every step; the results are remembered all the same.</summary>
    public bool NoCache { get; init; }

    /// <summary>
    /// What RUN gets when it does not say: <c>default</c>, <c>host</c> or <c>none</c>. Only with <c>host</c> may a Dockerfile ask for
    /// the host's network itself: it is somebody else's text, and there it would reach everything that listens on this machine.
    /// </summary>
    public string Network { get; init; } = "default";

    /// <summary>For base images that must be pulled; null to pull as nobody.</summary>
    public IRegistryCredentials? Credentials { get; init; }
}
