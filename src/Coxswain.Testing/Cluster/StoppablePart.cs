namespace Coxswain.Testing.Cluster;

/// <summary>A part of a <see cref="TestCluster"/> that runs until it is stopped or the test ends.</summary>
public sealed record StoppablePart(CancellationTokenSource Life, Task Running);
