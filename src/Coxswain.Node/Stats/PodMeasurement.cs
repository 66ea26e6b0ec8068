using Coxswain.Api.Core.V1;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Stats;

/// <summary>What a pod used when it was looked at.</summary>
/// <param name="Sandbox">Null when it has no sandbox.</param>
/// <param name="Containers">Those that run.</param>
internal sealed record PodMeasurement(Pod Pod, SandboxStats? Sandbox, IReadOnlyList<ContainerMeasurement> Containers);

/// <param name="Id">The runtime's.</param>
internal sealed record ContainerMeasurement(ContainerStatus Status, string Id, ContainerStats Stats);
