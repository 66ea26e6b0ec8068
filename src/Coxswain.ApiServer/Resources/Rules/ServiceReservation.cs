using System.Globalization;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>What one write of a Service takes from and gives back to the pools: all of it or nothing.</summary>
internal sealed class ServiceReservation(ServiceAddresses addresses, NodePorts ports) : IReservation
{
    private readonly List<string> _takenAddresses = [];
    private readonly List<string> _freedAddresses = [];
    private readonly List<int> _takenPorts = [];
    private readonly List<int> _freedPorts = [];
    private bool _isConfirmed;

    /// <param name="wanted">Empty for any.</param>
    public string TakeAddress(JsonObject service, string wanted)
    {
        if (wanted.Length > 0)
        {
            switch (addresses.TryTake(wanted))
            {
                case PoolOutcome.Taken:
                    throw Invalid(FieldError.Invalid("spec.clusterIPs", new JsonArray(wanted).ToJsonString(),
                        $"failed to allocate IP {wanted}: provided IP is already allocated"), service.Metadata().Text("name"));
                case PoolOutcome.OutOfRange:
                    throw Invalid(FieldError.Invalid("spec.clusterIPs", new JsonArray(wanted).ToJsonString(),
                        $"failed to allocate IP {wanted}: the provided IP ({wanted}) is not in the valid range. The range of valid IPs is {addresses.Range}"), service.Metadata().Text("name"));
            }
        }
        else
        {
            wanted = addresses.TakeAny() ?? throw new KubeStatusException(Statuses.InternalError("failed to allocate a serviceIP: range is full"));
        }

        _takenAddresses.Add(wanted);
        return wanted;
    }

    /// <param name="wanted">0 for any.</param>
    public int TakePort(JsonObject service, string field, int wanted)
    {
        if (wanted > 0)
        {
            switch (ports.TryTake(wanted))
            {
                case PoolOutcome.Taken:
                    throw Invalid(FieldError.Invalid(field, wanted, "provided port is already allocated"), service.Metadata().Text("name"));
                case PoolOutcome.OutOfRange:
                    throw Invalid(FieldError.Invalid(field, wanted, string.Create(CultureInfo.InvariantCulture,
                        $"provided port is not in the valid range. The range of valid ports is {NodePorts.First}-{NodePorts.Last}")), service.Metadata().Text("name"));
            }
        }
        else
        {
            wanted = ports.TakeAny() ?? throw new KubeStatusException(Statuses.InternalError("failed to allocate a nodePort: range is full"));
        }

        _takenPorts.Add(wanted);
        return wanted;
    }

    public void GiveBackAddress(string address) => _freedAddresses.Add(address);

    public void GiveBackPort(int port) => _freedPorts.Add(port);

    public void Confirm()
    {
        _isConfirmed = true;
        _freedAddresses.ForEach(addresses.Release);
        _freedPorts.ForEach(ports.Release);
    }

    public void Dispose()
    {
        if (!_isConfirmed)
        {
            _takenAddresses.ForEach(addresses.Release);
            _takenPorts.ForEach(ports.Release);
        }
    }

    private static KubeStatusException Invalid(FieldError error, string name) =>
        new(Statuses.Invalid(new ObjectKind("v1", "Service"), name, [error]));
}
