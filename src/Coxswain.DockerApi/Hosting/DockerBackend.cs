using Coxswain.Engine.Hosting;

namespace Coxswain.DockerApi.Hosting;

/// <summary>What the API is spoken over.</summary>
/// <param name="Version">The product's, for people.</param>
public sealed record DockerBackend(
    ContainerEngine Engine, ImageEngine Images, LocalEngine Local, BackgroundWork Background, TimeProvider Time, string Version);
