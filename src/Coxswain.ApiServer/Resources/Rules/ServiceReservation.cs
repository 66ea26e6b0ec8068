using System.Globalization;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>What one write of a Service takes from and gives back to the pools: all of it or nothing.</summary>
/// <param name="isDry">Nothing is taken, given back or kept.</param>
internal sealed class ServiceReservation(ServicePools pools, JsonObject service, bool isDry) : IReservation
{
    private readonly List<(StoredPool Pool, string Text)> _taken = [];
    private readonly List<(StoredPool Pool, string Text)> _freed = [];
    private bool _isConfirmed;

    /// <param name="wanted">Empty for any.</param>
    public async ValueTask<string> TakeAddressAsync(string wanted, CancellationToken cancellationToken)
    {
        var (outcome, taken) = await TakeAsync(pools.Addresses, wanted, cancellationToken);
        var shown = new JsonArray(wanted).ToJsonString();
        return outcome switch
        {
            PoolOutcome.Taken => throw Invalid(FieldError.Invalid(
                "spec.clusterIPs", shown, $"failed to allocate IP {wanted}: provided IP is already allocated")),
            PoolOutcome.OutOfRange => throw Invalid(FieldError.Invalid("spec.clusterIPs", shown,
                $"failed to allocate IP {wanted}: the provided IP ({wanted}) is not in the valid range. The range of valid IPs is {pools.Addresses.Range}")),
            _ => taken ?? throw new KubeStatusException(Statuses.InternalError("failed to allocate a serviceIP: range is full")),
        };
    }

    /// <param name="wanted">0 for any.</param>
    public async ValueTask<int> TakePortAsync(string field, int wanted, CancellationToken cancellationToken)
    {
        var text = wanted > 0 ? wanted.ToString(CultureInfo.InvariantCulture) : "";
        var (outcome, taken) = await TakeAsync(pools.Ports, text, cancellationToken);
        return outcome switch
        {
            PoolOutcome.Taken => throw Invalid(FieldError.Invalid(field, wanted, "provided port is already allocated")),
            PoolOutcome.OutOfRange => throw Invalid(FieldError.Invalid(
                field, wanted, $"provided port is not in the valid range. The range of valid ports is {pools.Ports.Range}")),
            _ => int.Parse(
                taken ?? throw new KubeStatusException(Statuses.InternalError("failed to allocate a nodePort: range is full")),
                CultureInfo.InvariantCulture),
        };
    }

    public void GiveBackAddress(string address) => _freed.Add((pools.Addresses, address));

    public void GiveBackPort(int port) => _freed.Add((pools.Ports, pools.Ports.Range.Text(port)));

    public async ValueTask ConfirmAsync()
    {
        _isConfirmed = true;
        if (!isDry)
        {
            await ReleaseAsync(_freed);
        }
    }

    public ValueTask DisposeAsync() => _isConfirmed ? ValueTask.CompletedTask : ReleaseAsync(_taken);

    private async ValueTask<(PoolOutcome Outcome, string? Taken)> TakeAsync(StoredPool pool, string wanted, CancellationToken cancellationToken)
    {
        var owner = NamespacedService.Of(service);
        if (wanted.Length > 0 && await pool.TryTakeAsync(wanted, owner, isDry, cancellationToken) is not PoolOutcome.Ok and var refused)
        {
            return (refused, null);
        }

        var taken = wanted.Length > 0 ? wanted : await pool.TakeAnyAsync(owner, isDry, cancellationToken);
        if (taken is not null && !isDry)
        {
            _taken.Add((pool, taken));
        }

        return (PoolOutcome.Ok, taken);
    }

    /// <summary>Not cancelled with the request: what is not given back here waits for the next start.</summary>
    private static async ValueTask ReleaseAsync(List<(StoredPool Pool, string Text)> items)
    {
        foreach (var (pool, text) in items)
        {
            await pool.ReleaseAsync(text, CancellationToken.None);
        }
    }

    private KubeStatusException Invalid(FieldError error) =>
        new(Statuses.Invalid(new ObjectKind("v1", "Service"), service.Metadata().Text("name"), [error]));
}
