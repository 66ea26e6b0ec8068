using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;

namespace Coxswain.Node.Probes;

/// <summary>Where a container's probes and hooks go.</summary>
/// <param name="Address">The pod's, or the node's with the host's network.</param>
internal sealed record ProbeTarget(string ContainerId, string Address, Container Container)
{
    /// <summary>A port by number or by the name the container gives it; null when it has none of that name.</summary>
    public int? Port(IntOrString port)
    {
        if (!port.IsString)
        {
            return port.IntValue;
        }

        var named = Container.Ports.FirstOrDefault(candidate => candidate.Name == port.StringValue);
        return named?.ContainerPortValue ?? (int.TryParse(port.StringValue, out var number) ? number : null);
    }
}
