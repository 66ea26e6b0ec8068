using Coxswain.Engine.Hosting;
using Coxswain.Engine.Images.Registry;

namespace Coxswain.Verbs.Images;

/// <summary>
/// What an image verb works with: the images, and the caller's streams, directory and environment. The verb does not know
/// whether it runs in the caller's process or, while a server holds the images, in the server's.
/// </summary>
internal sealed class ImageVerbContext
{
    public required ImageEngine Images { get; init; }

    public required TextWriter Out { get; init; }

    /// <summary>The caller's standard input.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>The caller's standard output, for bytes.</summary>
    public required Func<Stream> OpenOutput { get; init; }

    public required string WorkingDirectory { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>What the caller logged in with, by <c>docker login</c> and the like.</summary>
    public IRegistryCredentials Credentials => DockerConfigFile.Load(DockerConfigFile.PathFor(Environment));

    public TimeProvider Time => TimeProvider.System;

    /// <summary>A path as the caller wrote it, seen from where the caller stands.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, WorkingDirectory);
}
