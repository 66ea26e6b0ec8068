using System.Net;
using Coxswain.DockerApi.Hosting;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Mapping;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Local;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>Networks: list, inspect, create, connect, remove.</summary>
internal sealed class NetworkEndpoints(DockerBackend backend)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/networks", ListAsync);
        routes.MapPost("/networks/create", CreateAsync);
        routes.MapPost("/networks/prune", PruneAsync);
        routes.MapGet("/networks/{id}", InspectAsync);
        routes.MapDelete("/networks/{id}", RemoveAsync);
        routes.MapPost("/networks/{id}/connect", ConnectAsync);
        routes.MapPost("/networks/{id}/disconnect", DisconnectAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        var filters = Filters.Of(context.Request);
        filters.Check("name", "id", "driver", "label", "label!", "type", "scope", "dangling");
        var found = backend.Local.Networks.List().Where(network =>
            filters.Any("name", name => network.Name.Contains(name.Trim('^', '$'), StringComparison.Ordinal))
            && filters.Any("id", id => network.Id.StartsWith(id, StringComparison.Ordinal))
            && filters.Any("driver", driver => network.Driver == driver)
            && filters.Any("type", type => type == (network.IsPredefined ? "builtin" : "custom"))
            && filters.Any("scope", scope => scope == "local")
            && (filters.Flag("dangling") is not { } dangling || dangling == (!network.IsPredefined && !HasUsers(network)))
            && filters.Labels(network.Labels));
        await context.JsonAsync<IReadOnlyList<NetworkAnswer>>(
            [.. found.Select(network => Answer(network, members: false))], WireJson.Default.IReadOnlyListNetworkAnswer);
    }

    private Task InspectAsync(HttpContext context) => context.JsonAsync(
        Answer(backend.Local.Networks.Get(ContainerEndpoints.Id(context)), members: true), WireJson.Default.NetworkAnswer);

    private async Task CreateAsync(HttpContext context)
    {
        var request = await context.Request.BodyAsync(WireJson.Default.NetworkRequest);
        if (string.IsNullOrEmpty(request.Name))
        {
            throw ContainerMapping.Invalid("network name cannot be empty");
        }

        if (request.Ingress || request.Driver is "overlay")
        {
            throw new LocalException(LocalErrorKind.Unsupported, "networks of a swarm are not supported: there is Kubernetes here");
        }

        if (request.Addressing?.Driver is not (null or "" or "default"))
        {
            throw ContainerMapping.Invalid($"unsupported IPAM driver {request.Addressing.Driver}");
        }

        var pool = (request.Addressing?.Config ?? []).FirstOrDefault(pool => pool.Subnet?.Contains(':', StringComparison.Ordinal) != true);
        var network = await backend.Local.Networks.CreateAsync(
            new LocalNetworkSpec(request.Name)
            {
                Driver = request.Driver ?? "bridge",
                Subnet = pool?.Subnet is { Length: > 0 } subnet ? subnet : null,
                Gateway = pool?.Gateway is { Length: > 0 } gateway ? gateway : null,
                AddressRange = pool?.Range is { Length: > 0 } range ? range : null,
                Internal = request.Internal,
                Attachable = request.Attachable,
                Labels = request.Labels ?? [],
                Options = request.Options ?? [],
            },
            context.RequestAborted);
        var warning = request.EnableIpv6 == true ? "IPv6 is not supported on networks here: it has IPv4 only" : "";
        await context.JsonAsync(new NetworkCreated(network.Id, warning), WireJson.Default.NetworkCreated, StatusCodes.Status201Created);
    }

    private async Task RemoveAsync(HttpContext context)
    {
        await backend.Local.Networks.RemoveAsync(ContainerEndpoints.Id(context), context.RequestAborted);
        context.Nothing();
    }

    private async Task ConnectAsync(HttpContext context)
    {
        var request = await context.Request.BodyAsync(WireJson.Default.ConnectRequest);
        await backend.Local.Containers.ConnectAsync(
            request.Container ?? "", NetworkMapping.Endpoint(ContainerEndpoints.Id(context), request.EndpointConfig, null), context.RequestAborted);
        context.Nothing(StatusCodes.Status200OK);
    }

    private async Task DisconnectAsync(HttpContext context)
    {
        var request = await context.Request.BodyAsync(WireJson.Default.DisconnectRequest);
        await backend.Local.Containers.DisconnectAsync(request.Container ?? "", ContainerEndpoints.Id(context), context.RequestAborted);
        context.Nothing(StatusCodes.Status200OK);
    }

    private async Task PruneAsync(HttpContext context)
    {
        var filters = Filters.Of(context.Request);
        filters.Check("label", "label!", "until");
        var removed = new List<string>();
        foreach (var network in backend.Local.Networks.List().Where(network =>
            !network.IsPredefined && !HasUsers(network) && filters.Labels(network.Labels)))
        {
            try
            {
                await backend.Local.Networks.RemoveAsync(network.Id, context.RequestAborted);
                removed.Add(network.Name);
            }
            catch (LocalException exception) when (exception.Kind is LocalErrorKind.Forbidden or LocalErrorKind.NotFound)
            {
                // Somebody uses it by now.
            }
        }

        await context.JsonAsync(new NetworksPruned(removed), WireJson.Default.NetworksPruned);
    }

    private bool HasUsers(LocalNetwork network) =>
        backend.Local.Containers.List().Any(container => container.Endpoints.Any(endpoint => endpoint.NetworkId == network.Id));

    private NetworkAnswer Answer(LocalNetwork network, bool members)
    {
        var containers = new SortedDictionary<string, NetworkMember>(StringComparer.Ordinal);
        foreach (var (id, name, endpoint) in members ? backend.Local.Networks.EndpointsOn(network.Id) : [])
        {
            containers[id] = new NetworkMember(
                name, endpoint.Id, endpoint.MacAddress, $"{endpoint.Address}/{IPNetwork.Parse(network.Subnet).PrefixLength}", "");
        }

        return new NetworkAnswer
        {
            Name = network.Name,
            Id = network.Id,
            Created = ContainerView.Time(network.CreatedAt),
            Driver = network.Driver,
            Addressing = new Addressing
            {
                Config = network.Subnet.Length == 0 ? [] :
                [
                    new AddressPoolSettings
                    {
                        Subnet = network.Subnet,
                        Gateway = network.Gateway,
                        Range = network.AddressRange.Length > 0 ? network.AddressRange : null,
                    },
                ],
            },
            Internal = network.Internal,
            Attachable = network.Attachable,
            Containers = containers,
            Options = new SortedDictionary<string, string>(network.Options.ToDictionary(), StringComparer.Ordinal),
            Labels = new SortedDictionary<string, string>(network.Labels.ToDictionary(), StringComparer.Ordinal),
        };
    }
}
