using System.Net;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Users;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Network.LoadBalancers;
using Coxswain.Testing.Client;
using Coxswain.Testing.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Network.Tests.LoadBalancers;

public sealed class LoadBalancerControllerTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private TestApiServer _server = null!;
    private Task _running = Task.CompletedTask;
    private InformerFactory? _informers;
    private LoadBalancerController? _controller;

    public async Task InitializeAsync() => _server = await TestApiServer.StartAsync(TimeProvider.System);

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _controller?.Dispose();
        _informers?.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Service_OfTheType_GetsAnAddressOfThePoolAndKeepsIt()
    {
        Run("192.0.2.0/28");
        await CreateAsync("web");

        Assert.Equal("192.0.2.1", await AddressAsync("web"));
        await CreateAsync("web2");
        Assert.Equal("192.0.2.2", await AddressAsync("web2"));
    }

    [Fact]
    public async Task Service_PoolIsEmpty_WaitsUntilAnAddressIsFree()
    {
        Run("192.0.2.7/32");
        await CreateAsync("first");
        Assert.Equal("192.0.2.7", await AddressAsync("first"));
        await CreateAsync("second");
        await EventAsync("second", "SyncLoadBalancerFailed");
        Assert.Empty((await GetAsync("second")).Status.LoadBalancer.Ingress);

        await _server.Admin.DeleteAsync<Service>("default", "first", DeleteOptions.Empty, default);

        Assert.Equal("192.0.2.7", await AddressAsync("second"));
    }

    [Fact]
    public async Task Service_ChangesItsType_GivesTheAddressBack()
    {
        Run("192.0.2.7/32");
        var service = await CreateAsync("web");
        await AddressAsync("web");

        service = await GetAsync("web");
        await _server.Admin.UpdateAsync(service with { Spec = service.Spec with { Type = ServiceType.ClusterIP, AllocateLoadBalancerNodePorts = null, ExternalTrafficPolicy = "" } }, default);

        await UntilAsync("web", changed => changed.Status.LoadBalancer.Ingress.Count == 0);
        await CreateAsync("other");
        Assert.Equal("192.0.2.7", await AddressAsync("other"));
    }

    [Fact]
    public async Task Service_AsksForAnAddress_GetsItOrNone()
    {
        Run("192.0.2.0/28");
        await CreateAsync("web", wanted: "192.0.2.9");
        Assert.Equal("192.0.2.9", await AddressAsync("web"));

        await CreateAsync("same", wanted: "192.0.2.9");
        await EventAsync("same", "SyncLoadBalancerFailed");
        await CreateAsync("outside", wanted: "198.51.100.1");
        await EventAsync("outside", "SyncLoadBalancerFailed");
        Assert.Empty((await GetAsync("same")).Status.LoadBalancer.Ingress);
        Assert.Empty((await GetAsync("outside")).Status.LoadBalancer.Ingress);
    }

    [Fact]
    public async Task Service_OfAnotherClass_IsLeftAlone()
    {
        Run("192.0.2.0/28");
        await CreateAsync("others", loadBalancerClass: "example.com/lb");
        await CreateAsync("ours", loadBalancerClass: LoadBalancerSettings.Class);

        Assert.Equal("192.0.2.1", await AddressAsync("ours"));
        Assert.Empty((await GetAsync("others")).Status.LoadBalancer.Ingress);
    }

    [Fact]
    public async Task Service_HasAnAddressFromBefore_KeepsItWhenTheControllerStarts()
    {
        var service = await CreateAsync("web");
        await _server.Admin.UpdateStatusAsync(
            service with
            {
                Status = service.Status with
                {
                    LoadBalancer = LoadBalancerStatus.Empty with { Ingress = [LoadBalancerIngress.Empty with { Ip = "192.0.2.3", IpMode = "VIP" }] },
                },
            },
            default);
        await CreateAsync("a-new-one", wanted: "192.0.2.3");
        Run("192.0.2.0/28");

        await EventAsync("a-new-one", "SyncLoadBalancerFailed");
        Assert.Equal("192.0.2.3", await AddressAsync("web"));
    }

    private void Run(string pool)
    {
        var client = _server.ClientFor(User.ServiceAccount("kube-system", "service-controller"));
        _informers = new InformerFactory(client, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        var events = new EventBroadcaster(client, TimeProvider.System, NullLogger<EventBroadcaster>.Instance);
        _controller = new LoadBalancerController(
            new LoadBalancerSettings { Pool = IPNetwork.Parse(pool) }, client, _informers, events, TimeProvider.System, NullLoggerFactory.Instance);
        _running = Task.WhenAll(_informers.RunAsync(_stop.Token), events.RunAsync(_stop.Token), _controller.RunAsync(_stop.Token));
    }

    private Task<Service> CreateAsync(string name, string wanted = "", string? loadBalancerClass = null) => _server.Admin.CreateAsync(
        Service.Empty with
        {
            Metadata = ObjectMeta.Empty with { Namespace = "default", Name = name },
            Spec = ServiceSpec.Empty with
            {
                Type = ServiceType.LoadBalancer, LoadBalancerIP = wanted, LoadBalancerClass = loadBalancerClass,
                Ports = [ServicePort.Empty with { Port = 80 }],
            },
        },
        default);

    private Task<Service> GetAsync(string name) => _server.Admin.GetAsync<Service>("default", name, default);

    private async Task<string> AddressAsync(string name) =>
        (await UntilAsync(name, service => service.Status.LoadBalancer.Ingress.Count > 0)).Status.LoadBalancer.Ingress[0].Ip;

    private async Task<Service> UntilAsync(string name, Func<Service, bool> holds)
    {
        var services = await _server.Admin.WaitForAsync<Service>(
            $"service {name}", found => found.Any(service => service.Metadata.Name == name && holds(service)));
        return services.Single(service => service.Metadata.Name == name);
    }

    private Task EventAsync(string service, string reason) => _server.Admin.WaitForAsync<Event>(
        $"event {reason} of {service}", events => events.Any(found => found.InvolvedObject.Name == service && found.Reason == reason));
}
