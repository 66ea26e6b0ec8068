using System.Net;
using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;
using ServicePortSpec = Coxswain.Api.Core.V1.ServicePort;

namespace Coxswain.ApiServer.Webhooks;

/// <summary>
/// Connects to a ready endpoint of a Service, as the Service's own address would, without counting on the proxy: the server
/// must reach webhooks while the network's parts are still starting.
/// </summary>
internal sealed class ServiceDialer(IStore store, Random random)
{
    private const string Services = "/registry/core/services/";
    private const string Slices = "/registry/discovery.k8s.io/endpointslices/";

    /// <summary>How many endpoints are tried before the Service counts as not to be reached.</summary>
    private const int MostAttempts = 3;

    /// <exception cref="IOException">No endpoint of the Service takes a connection.</exception>
    public async ValueTask<Stream> ConnectAsync(ServicePort port, CancellationToken cancellationToken)
    {
        var addresses = await FindAsync(port, cancellationToken);
        SocketException? last = null;
        foreach (var address in addresses.Take(MostAttempts))
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException exception)
            {
                socket.Dispose();
                last = exception;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw new IOException($"no endpoint of service \"{port.Name}\" takes a connection: {last?.Message ?? "there is none"}", last);
    }

    /// <summary>The ready endpoints of a port, in an order of chance.</summary>
    /// <exception cref="IOException">There is no such Service, port or endpoint; the message says which.</exception>
    public async ValueTask<IReadOnlyList<IPEndPoint>> FindAsync(ServicePort port, CancellationToken cancellationToken)
    {
        var entry = await store.GetAsync($"{Services}{port.Namespace}/{port.Name}", cancellationToken)
            ?? throw new IOException($"service \"{port.Name}\" not found");
        var service = KubeJson.Deserialize<Service>(entry.Value.Span);
        var spec = service.Spec.Ports.FirstOrDefault(candidate => candidate.Port == port.Port)
            ?? throw new IOException($"no service port {port.Port} found for service \"{port.Name}\"");
        var list = await store.ListAsync(new ListQuery($"{Slices}{port.Namespace}/"), cancellationToken);
        var found = list.Entries
            .Where(slice => StoredObject.Of(slice).Labels.GetValueOrDefault("kubernetes.io/service-name") == port.Name)
            .SelectMany(slice => AddressesOf(KubeJson.Deserialize<EndpointSlice>(slice.Value.Span), spec)).Distinct().ToArray();
        if (found.Length == 0)
        {
            throw new IOException($"no endpoints available for service \"{port.Name}\"");
        }

        lock (random)
        {
            random.Shuffle(found);
        }

        return found;
    }

    private static IEnumerable<IPEndPoint> AddressesOf(EndpointSlice slice, ServicePortSpec spec)
    {
        var number = slice.Ports.FirstOrDefault(port => (port.Name ?? "") == (spec.Name ?? ""))?.Port;
        return number is null ? [] : slice.Endpoints.Where(endpoint => endpoint.Conditions.Ready != false).SelectMany(endpoint => endpoint.Addresses)
            .Select(text => IPAddress.TryParse(text, out var address) ? new IPEndPoint(address, number.Value) : null).OfType<IPEndPoint>();
    }
}
