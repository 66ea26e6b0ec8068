using System.Net;
using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Endpoint = Coxswain.Api.Discovery.V1.Endpoint;

namespace Coxswain.Network.Dns;

/// <summary>Makes a <see cref="ClusterZone"/> from Services and EndpointSlices. Pure.</summary>
internal sealed class ClusterZoneBuilder
{
    /// <summary>The version of the Kubernetes DNS specification that the names follow.</summary>
    private const string SpecificationVersion = "1.1.0";

    private readonly ClusterDnsOptions _options;
    private readonly Dictionary<string, List<DnsRecord>> _names = new(StringComparer.Ordinal);

    private ClusterZoneBuilder(ClusterDnsOptions options) => _options = options;

    /// <param name="slicesOf">The EndpointSlices of a Service.</param>
    /// <param name="serial">Greater for each zone.</param>
    public static ClusterZone Build(
        ClusterDnsOptions options, IEnumerable<Service> services, Func<Service, IReadOnlyList<EndpointSlice>> slicesOf, uint serial)
    {
        var builder = new ClusterZoneBuilder(options);
        builder.AddFixedNames();
        foreach (var service in services)
        {
            builder.Add(service, slicesOf);
        }

        return new ClusterZone(options, builder._names, serial);
    }

    private void AddFixedNames()
    {
        var server = $"ns.dns.{_options.Domain}";
        Add(new NameRecord(_options.Domain, DnsType.NS, server));
        Add(new AddressRecord(server, _options.Listen.Address));
        Add(new TextRecord($"dns-version.{_options.Domain}", SpecificationVersion));
        if (_options.HostAddress is { } host)
        {
            Add(new AddressRecord(ClusterDnsOptions.HostName, host));
        }

        AddName($"svc.{_options.Domain}");
        AddName($"pod.{_options.Domain}");
    }

    private void Add(Service service, Func<Service, IReadOnlyList<EndpointSlice>> slicesOf)
    {
        var name = $"{service.Metadata.Name}.{service.Metadata.Namespace}.svc.{_options.Domain}";
        if (service.Spec.Type == ServiceType.ExternalName)
        {
            Add(new NameRecord(name, DnsType.CNAME, service.Spec.ExternalName.TrimEnd('.').ToLowerInvariant()));
        }
        else if (service.Spec.ClusterIP == "None")
        {
            AddName(name);
            AddHeadless(service, name, slicesOf(service));
        }
        else
        {
            AddClusterIP(service, name);
        }
    }

    private void AddClusterIP(Service service, string name)
    {
        foreach (var text in service.Spec.ClusterIPs.Count > 0 ? service.Spec.ClusterIPs : [service.Spec.ClusterIP])
        {
            if (IPAddress.TryParse(text, out var address))
            {
                Add(new AddressRecord(name, address));
                AddReverse(address, name);
            }
        }

        foreach (var port in service.Spec.Ports)
        {
            AddPort(name, port.Name, port.Protocol, port.Port, name);
        }
    }

    private void AddHeadless(Service service, string name, IReadOnlyList<EndpointSlice> slices)
    {
        foreach (var slice in slices)
        {
            foreach (var endpoint in slice.Endpoints)
            {
                if ((endpoint.Conditions.Ready ?? true) || service.Spec.PublishNotReadyAddresses)
                {
                    AddEndpoint(name, endpoint, slice.Ports);
                }
            }
        }
    }

    private void AddEndpoint(string service, Endpoint endpoint, IReadOnlyList<Api.Discovery.V1.EndpointPort> ports)
    {
        foreach (var text in endpoint.Addresses)
        {
            if (!IPAddress.TryParse(text, out var address))
            {
                continue;
            }

            var hostname = string.IsNullOrEmpty(endpoint.Hostname) ? text.Replace('.', '-').Replace(':', '-') : endpoint.Hostname;
            var name = $"{hostname}.{service}";
            Add(new AddressRecord(service, address));
            Add(new AddressRecord(name, address));
            AddReverse(address, name);
            foreach (var port in ports)
            {
                AddPort(service, port.Name ?? "", port.Protocol ?? "", port.Port ?? 0, name);
            }
        }
    }

    private void AddPort(string service, string port, string protocol, int number, string target)
    {
        if (port.Length > 0)
        {
            Add(new ServiceRecord($"_{port}._{(protocol.Length == 0 ? "tcp" : protocol.ToLowerInvariant())}.{service}", number, target));
        }
    }

    private void AddReverse(IPAddress address, string target)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            var octets = address.ToString().Split('.');
            Array.Reverse(octets);
            Add(new NameRecord($"{string.Join('.', octets)}.in-addr.arpa", DnsType.PTR, target));
        }
    }

    private void Add(DnsRecord record)
    {
        var records = AddName(record.Name);
        if (!records.Contains(record))
        {
            records.Add(record);
        }
    }

    /// <summary>A name exists when it or one below it has records; then a question for another type is no NXDOMAIN.</summary>
    private List<DnsRecord> AddName(string name)
    {
        if (_names.TryGetValue(name, out var records))
        {
            return records;
        }

        _names.Add(name, records = []);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && name.Length > _options.Domain.Length && name.EndsWith(_options.Domain, StringComparison.Ordinal))
        {
            AddName(name[(dot + 1)..]);
        }

        return records;
    }
}
