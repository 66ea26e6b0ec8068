using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Cells;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>Gives Services their cluster address and node ports, and takes them back.</summary>
internal sealed class ServiceRules(ServicePools pools) : ResourceRules
{
    private const string None = "None";

    public override bool ReturnsDeletedObject => true;

    public override bool AllowsCreateOnUpdate => true;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [SelectableField.At("spec.clusterIP"), SelectableField.At("spec.type")];

    public override object? Cell(IKubeObject value, string column, DateTimeOffset now) => NetworkCells.Cell((Service)value, column);

    public override void PrepareForUpdate(JsonObject document, JsonObject old)
    {
        // kubectl 1.20 and others replace a Service without repeating what was allocated: it stays.
        var spec = document.ObjectOrNew("spec");
        var oldSpec = old["spec"] as JsonObject ?? [];
        if (!IsExternalName(spec) && !IsExternalName(oldSpec))
        {
            if (spec.Text("clusterIP").Length == 0)
            {
                spec.Take("clusterIP", oldSpec);
                spec.Take("clusterIPs", oldSpec);
            }

            if (NeedsNodePorts(spec) && NeedsNodePorts(oldSpec))
            {
                KeepNodePorts(spec, oldSpec);
            }
        }
        else if (IsExternalName(spec) && !IsExternalName(oldSpec) && spec.Text("clusterIP") == oldSpec.Text("clusterIP"))
        {
            spec.Remove("clusterIP");
            spec.Remove("clusterIPs");
        }

        if (!NeedsNodePorts(spec) && NeedsNodePorts(oldSpec))
        {
            DropOldNodePorts(spec, oldSpec);
        }
    }

    public override bool Reserves => true;

    public override async ValueTask<IReservation?> ReserveAsync(
        JsonObject document, JsonObject? old, bool isDry, CancellationToken cancellationToken)
    {
        var spec = document.ObjectOrNew("spec");
        var oldSpec = old?["spec"] as JsonObject ?? [];
        var reservation = new ServiceReservation(pools, document, isDry);
        try
        {
            if (IsExternalName(spec))
            {
                reservation.GiveBackAddress(oldSpec.Text("clusterIP"));
            }
            else
            {
                await ReserveAddressAsync(spec, oldSpec, reservation, cancellationToken);
            }

            await ReservePortsAsync(spec, oldSpec, reservation, cancellationToken);
            return reservation;
        }
        catch
        {
            await reservation.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask ReleasedAsync(JsonObject old, CancellationToken cancellationToken)
    {
        if (old["spec"] is JsonObject spec)
        {
            await pools.Addresses.ReleaseAsync(spec.Text("clusterIP"), cancellationToken);
            foreach (var port in NodePortsOf(spec))
            {
                await pools.Ports.ReleaseAsync(pools.Ports.Range.Text(port), cancellationToken);
            }
        }
    }

    internal static IEnumerable<int> NodePortsOf(JsonObject spec)
    {
        foreach (var port in (spec["ports"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (port.IntegerAt("nodePort") is > 0 and var number)
            {
                yield return (int)number;
            }
        }

        if (spec.IntegerAt("healthCheckNodePort") is > 0 and var health)
        {
            yield return (int)health;
        }
    }

    private static async ValueTask ReserveAddressAsync(
        JsonObject spec, JsonObject oldSpec, ServiceReservation reservation, CancellationToken cancellationToken)
    {
        var wanted = spec.Text("clusterIP");
        var before = oldSpec.Text("clusterIP");

        // An address that is set stays; validation refuses another one, so none is taken for it.
        var isRefused = before.Length > 0 && wanted.Length > 0 && wanted != before;
        if (wanted.Length == 0 || (wanted != None && wanted != before && !isRefused))
        {
            wanted = await reservation.TakeAddressAsync(wanted, cancellationToken);
            spec["clusterIP"] = wanted;
        }

        spec["clusterIPs"] = new JsonArray(wanted);
        spec["ipFamilies"] ??= new JsonArray("IPv4");
        spec["ipFamilyPolicy"] ??= "SingleStack";
    }

    private static async ValueTask ReservePortsAsync(
        JsonObject spec, JsonObject oldSpec, ServiceReservation reservation, CancellationToken cancellationToken)
    {
        var before = NodePortsOf(oldSpec).ToHashSet();
        var taken = new Dictionary<int, string>();
        if (NeedsNodePorts(spec))
        {
            var items = (spec["ports"] as JsonArray ?? []).OfType<JsonObject>().ToList();
            for (var i = 0; i < items.Count; i++)
            {
                var wanted = (int)(items[i].IntegerAt("nodePort") ?? 0);
                var protocol = items[i].Text("protocol");

                // One number may serve TCP and UDP of the same Service.
                if (wanted > 0 && taken.TryGetValue(wanted, out var other) && other != protocol)
                {
                    continue;
                }

                if (wanted == 0 || !before.Contains(wanted))
                {
                    wanted = await reservation.TakePortAsync($"spec.ports[{i}].nodePort", wanted, cancellationToken);
                    items[i]["nodePort"] = wanted;
                }

                taken[wanted] = protocol;
            }

            if (spec.Text("type") == "LoadBalancer" && spec.Text("externalTrafficPolicy") == "Local")
            {
                var health = (int)(spec.IntegerAt("healthCheckNodePort") ?? 0);
                if (health == 0 || !before.Contains(health))
                {
                    health = await reservation.TakePortAsync("spec.healthCheckNodePort", health, cancellationToken);
                    spec["healthCheckNodePort"] = health;
                }

                taken[health] = "";
            }
        }

        foreach (var port in before.Where(port => !taken.ContainsKey(port)))
        {
            reservation.GiveBackPort(port);
        }
    }

    private static bool IsExternalName(JsonObject spec) => spec.Text("type") == "ExternalName";

    private static bool NeedsNodePorts(JsonObject spec) =>
        spec.Text("type") == "NodePort"
        || (spec.Text("type") == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] is not JsonValue { } allocate)
        || (spec.Text("type") == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] is JsonValue given && given.GetValueKind() != System.Text.Json.JsonValueKind.False);

    private static void KeepNodePorts(JsonObject spec, JsonObject oldSpec)
    {
        var oldPorts = (oldSpec["ports"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var used = NodePortsOf(spec).ToHashSet();
        foreach (var port in (spec["ports"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (port.IntegerAt("nodePort") is null or 0
                && oldPorts.Find(old => old.IntegerAt("port") == port.IntegerAt("port") && old.Text("protocol") == port.Text("protocol")) is { } match
                && match.IntegerAt("nodePort") is > 0 and var number && used.Add((int)number))
            {
                port["nodePort"] = number;
            }
        }
    }

    private static void DropOldNodePorts(JsonObject spec, JsonObject oldSpec)
    {
        var before = NodePortsOf(oldSpec).ToHashSet();
        foreach (var port in (spec["ports"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (port.IntegerAt("nodePort") is > 0 and var number && before.Contains((int)number))
            {
                port.Remove("nodePort");
            }
        }
    }
}
