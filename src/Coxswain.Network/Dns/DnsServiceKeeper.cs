using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.WorkQueues;
using Microsoft.Extensions.Logging;
using Endpoint = Coxswain.Api.Discovery.V1.Endpoint;
using EndpointPort = Coxswain.Api.Discovery.V1.EndpointPort;

namespace Coxswain.Network.Dns;

/// <summary>
/// Creates the Service <c>kube-system/kube-dns</c> and its endpoint, so that clients see where DNS is. The server itself
/// listens at the Service's address, so the proxy leaves that one alone.
/// </summary>
public sealed partial class DnsServiceKeeper(ClusterDnsOptions options, IKubeClient client, TimeProvider time, ILogger<DnsServiceKeeper> logger)
{
    private const string Namespace = "kube-system";
    private const string Name = "kube-dns";
    private static readonly BackOff Failures = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    /// <summary>Returns when both exist; tries until then.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await CreateAsync(Service(), cancellationToken);
                await CreateAsync(Slice(), cancellationToken);
                return;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // The namespace may come a moment later than we do.
                Log.NotCreated(logger, exception.Message);
                await Task.Delay(Failures.After(failures), time, cancellationToken);
            }
        }
    }

    private async Task CreateAsync<T>(T obj, CancellationToken cancellationToken)
        where T : class, IKubeObject<T>
    {
        try
        {
            await client.CreateAsync(obj, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists)
        {
        }
    }

    private Service Service() => Api.Core.V1.Service.Empty with
    {
        Metadata = ObjectMeta.Empty with
        {
            Namespace = Namespace,
            Name = Name,
            Labels = new Dictionary<string, string>
            {
                ["k8s-app"] = Name,
                ["kubernetes.io/cluster-service"] = "true",
                ["kubernetes.io/name"] = "CoreDNS",
            },
            Annotations = new Dictionary<string, string> { [NetworkAnnotations.ServedLocally] = "true" },
        },
        Spec = ServiceSpec.Empty with
        {
            Type = ServiceType.ClusterIP,
            ClusterIP = options.Listen.Address.ToString(),
            ClusterIPs = [options.Listen.Address.ToString()],
            Ports =
            [
                ServicePort.Empty with { Name = "dns", Port = 53, Protocol = Protocol.UDP, TargetPort = 53 },
                ServicePort.Empty with { Name = "dns-tcp", Port = 53, Protocol = Protocol.TCP, TargetPort = 53 },
            ],
        },
    };

    private EndpointSlice Slice() => EndpointSlice.Empty with
    {
        Metadata = ObjectMeta.Empty with
        {
            Namespace = Namespace,
            Name = Name,
            Labels = new Dictionary<string, string>
            {
                ["kubernetes.io/service-name"] = Name,
                ["endpointslice.kubernetes.io/managed-by"] = "coxswain.dev",
            },
        },
        AddressType = "IPv4",
        Endpoints =
        [
            Endpoint.Empty with
            {
                Addresses = [options.Listen.Address.ToString()],
                Conditions = EndpointConditions.Empty with { Ready = true, Serving = true, Terminating = false },
            },
        ],
        Ports =
        [
            EndpointPort.Empty with { Name = "dns", Port = 53, Protocol = Protocol.UDP },
            EndpointPort.Empty with { Name = "dns-tcp", Port = 53, Protocol = Protocol.TCP },
        ],
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Service kube-system/kube-dns is not there yet: {Reason}")]
        public static partial void NotCreated(ILogger logger, string reason);
    }
}
