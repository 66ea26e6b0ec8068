using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Containers;

/// <summary>The variables that tell a container of Services: <c>NAME_SERVICE_HOST</c> and the older link form.</summary>
internal static class ServiceEnvironment
{
    public static IEnumerable<KeyValuePair<string, string>> Of(IEnumerable<Service> services)
    {
        foreach (var service in services.OrderBy(service => service.Metadata.Name, StringComparer.Ordinal))
        {
            if (service.Spec.ClusterIP is "" or "None" || service.Spec.Ports.Count == 0)
            {
                continue;
            }

            foreach (var variable in Of(service))
            {
                yield return variable;
            }
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Of(Service service)
    {
        var prefix = Word(service.Metadata.Name);
        var address = service.Spec.ClusterIP;
        var ports = service.Spec.Ports;
        yield return new($"{prefix}_SERVICE_HOST", address);
        yield return new($"{prefix}_SERVICE_PORT", ports[0].Port.ToString());
        foreach (var port in ports.Where(port => port.Name.Length > 0))
        {
            yield return new($"{prefix}_SERVICE_PORT_{Word(port.Name)}", port.Port.ToString());
        }

        yield return new($"{prefix}_PORT", Url(address, ports[0]));
        foreach (var port in ports)
        {
            var link = $"{prefix}_PORT_{port.Port}_{Protocol(port).ToUpperInvariant()}";
            yield return new(link, Url(address, port));
            yield return new($"{link}_PROTO", Protocol(port));
            yield return new($"{link}_PORT", port.Port.ToString());
            yield return new($"{link}_ADDR", address);
        }
    }

    private static string Url(string address, ServicePort port) => $"{Protocol(port)}://{address}:{port.Port}";

    private static string Protocol(ServicePort port) => port.Protocol.Length == 0 ? "tcp" : port.Protocol.ToLowerInvariant();

    private static string Word(string name) => name.Replace('-', '_').ToUpperInvariant();
}
