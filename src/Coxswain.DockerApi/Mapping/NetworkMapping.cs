using System.Globalization;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Local;

namespace Coxswain.DockerApi.Mapping;

/// <summary>Networks and ports of a container.</summary>
internal static class NetworkMapping
{
    private const string ContainerPrefix = "container:";

    public static LocalNetworkMode Mode(HostSettings host, ContainerSettings config) =>
        config.NetworkDisabled == true ? LocalNetworkMode.None : host.NetworkMode switch
        {
            "host" => LocalNetworkMode.Host,
            "none" => LocalNetworkMode.None,
            { } mode when mode.StartsWith(ContainerPrefix, StringComparison.Ordinal) => LocalNetworkMode.Container,
            _ => LocalNetworkMode.Networks,
        };

    /// <summary>The network of the mode first, then all others that are named.</summary>
    public static IReadOnlyList<EndpointSpec> Endpoints(HostSettings host, NetworkingSettings? networking)
    {
        var main = host.NetworkMode is null or "" or "default" ? LocalNetwork.Default : host.NetworkMode;
        var named = networking?.EndpointsConfig ?? [];
        var first = named.GetValueOrDefault(main) ?? (main == LocalNetwork.Default ? named.GetValueOrDefault("default") : null);
        return
        [
            Endpoint(main, first, host.Links),
            .. named.Where(pair => pair.Key != main && pair.Key != "default").Select(pair => Endpoint(pair.Key, pair.Value, null)),
        ];
    }

    public static EndpointSpec Endpoint(string network, EndpointSettings? settings, IReadOnlyList<string>? links) => new(network)
    {
        Aliases = settings?.Aliases ?? [],
        Address = settings?.Addressing?.Ipv4Address is { Length: > 0 } address ? address : null,
        Links = [.. settings?.Links ?? [], .. links ?? []],
    };

    public static IReadOnlyList<PublishSpec> Publish(ContainerSettings config, HostSettings host)
    {
        var published = new List<PublishSpec>();
        foreach (var (port, bindings) in host.PortBindings ?? [])
        {
            var (number, protocol) = Port(port);
            foreach (var binding in bindings is { Count: > 0 } ? bindings : [new PortBindingSettings("", "")])
            {
                var (first, last) = Range(binding.HostPort ?? "");
                published.Add(new PublishSpec(number, protocol, binding.HostIp ?? "", first, last));
            }
        }

        if (host.PublishAllPorts)
        {
            foreach (var port in (config.ExposedPorts ?? []).Keys.Select(Port))
            {
                if (published.All(known => known.Port != port.Number || known.Protocol != port.Protocol))
                {
                    published.Add(new PublishSpec(port.Number, port.Protocol, "", 0, 0));
                }
            }
        }

        return published;
    }

    public static (ushort Number, string Protocol) Port(string text)
    {
        var parts = text.Split('/', 2);
        var protocol = parts.Length == 2 ? parts[1].ToLowerInvariant() : "tcp";
        if (protocol is not ("tcp" or "udp"))
        {
            throw new LocalException(LocalErrorKind.Unsupported, $"port {text}: only tcp and udp are supported");
        }

        return (Number(parts[0]), protocol);
    }

    private static (ushort First, ushort Last) Range(string text)
    {
        if (text.Length == 0)
        {
            return (0, 0);
        }

        var parts = text.Split('-', 2);
        var first = Number(parts[0]);
        return (first, parts.Length == 2 ? Number(parts[1]) : first);
    }

    private static ushort Number(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ContainerMapping.Invalid($"invalid port specification: \"{text}\"");
}
