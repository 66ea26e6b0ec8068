using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Resources;

public sealed class ServiceAllocationTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Create_ManyAtOnce_NoTwoShareAnAddressOrPort()
    {
        var services = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => _server.Admin.CreateAsync(NodePort($"s{i}"), default)));
        Assert.Equal(200, services.Select(service => service.Spec.ClusterIP).Distinct().Count());
        Assert.Equal(200, services.Select(service => service.Spec.Ports[0].NodePort).Distinct().Count());
        Assert.All(services, service => Assert.InRange(service.Spec.Ports[0].NodePort, 30000, 32767));
    }

    [Fact]
    public async Task Create_TakenPort_IsRefusedUntilItIsFree()
    {
        await _server.Admin.CreateAsync(NodePort("a", 30123), default);
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => _server.Admin.CreateAsync(NodePort("b", 30123), default));
        Assert.Equal("Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30123: provided port is already allocated", refused.Message);
        await _server.Admin.DeleteAsync<Service>("default", "a", DeleteOptions.Empty, default);
        await _server.Admin.CreateAsync(NodePort("b", 30123), default);
    }

    [Fact]
    public async Task Create_Refused_GivesBackWhatItTook()
    {
        var wanted = NodePort("Not A Name", 30124);
        await Assert.ThrowsAsync<KubeStatusException>(() => _server.Admin.CreateAsync(wanted, default));
        Assert.Equal(30124, (await _server.Admin.CreateAsync(NodePort("ok", 30124), default)).Spec.Ports[0].NodePort);
    }

    [Fact]
    public async Task Create_PortOutOfRange_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => _server.Admin.CreateAsync(NodePort("a", 80), default));
        Assert.Contains("The range of valid ports is 30000-32767", refused.Message);
    }

    [Fact]
    public async Task Create_AddressOutOfRange_IsRefusedByName()
    {
        var answer = await _server.PostAsync("/api/v1/namespaces/default/services",
            """{"metadata":{"name":"a"},"spec":{"clusterIP":"1.2.3.4","ports":[{"port":80}]}}""");
        Assert.StartsWith("Service \"a\" is invalid: spec.clusterIPs: Invalid value: ", answer.Expect(422).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.2.3.4")]
    [InlineData("10.96.7.7")]
    [InlineData("None")]
    public async Task Update_OfTheAddress_IsRefusedAndTakesNone(string address)
    {
        await _server.Admin.CreateAsync(NodePort("a"), default);
        var patch = $$$"""{"spec":{"type":"ClusterIP","clusterIP":"{{{address}}}"}}""";
        var answer = await _server.PatchAsync("/api/v1/namespaces/default/services/a", patch);
        Assert.Equal(
            $"Service \"a\" is invalid: spec.clusterIPs[0]: Invalid value: [\"{address}\"]: may not change once set",
            answer.Expect(422).Message);
        (await _server.PostAsync("/api/v1/namespaces/default/services",
            """{"metadata":{"name":"b"},"spec":{"clusterIP":"10.96.7.7","ports":[{"port":80}]}}""")).Expect(201);
    }

    [Fact]
    public async Task Update_WithoutRepeatingThem_KeepsAddressAndPort()
    {
        var created = await _server.Admin.CreateAsync(NodePort("a"), default);
        var updated = await _server.Admin.UpdateAsync(NodePort("a") with { Metadata = new ObjectMeta { Name = "a", Namespace = "default", Labels = new Dictionary<string, string> { ["l"] = "1" } } }, default);
        Assert.Equal(created.Spec.ClusterIP, updated.Spec.ClusterIP);
        Assert.Equal(created.Spec.Ports[0].NodePort, updated.Spec.Ports[0].NodePort);
    }

    [Fact]
    public async Task Restart_WithTheSameStore_RemembersWhatIsTaken()
    {
        var created = await _server.Admin.CreateAsync(NodePort("a"), default);
        await using var second = _server.NewHost(_server.Store, TimeProvider.System);
        await second.StartAsync(default);
        var client = second.ClientFor(new Users.User("admin", ["system:masters"]));
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => client.CreateAsync(NodePort("b", created.Spec.Ports[0].NodePort), default));
        Assert.Contains("already allocated", refused.Message);
    }

    [Fact]
    public async Task Create_OnTwoServersAtOnce_NoTwoShareAnAddressOrPort()
    {
        await using var second = _server.NewHost(_server.Store, TimeProvider.System);
        await second.StartAsync(default);
        var other = second.ClientFor(new Users.User("admin", ["system:masters"]));
        var services = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => (i % 2 == 0 ? _server.Admin : other).CreateAsync(NodePort($"s{i}"), default)));
        Assert.Equal(100, services.Select(service => service.Spec.ClusterIP).Distinct().Count());
        Assert.Equal(100, services.Select(service => service.Spec.Ports[0].NodePort).Distinct().Count());
        var fixedPorts = await Task.WhenAll(new[] { _server.Admin, other }.Select(async (client, i) =>
        {
            try
            {
                return (Service?)await client.CreateAsync(NodePort($"fixed{i}", 30555), default);
            }
            catch (KubeStatusException)
            {
                return null;
            }
        }));
        Assert.Single(fixedPorts, service => service is not null);
    }

    [Fact]
    public async Task Create_Dry_TakesNothing()
    {
        (await _server.PostAsync("/api/v1/namespaces/default/services?dryRun=All",
            """{"metadata":{"name":"a"},"spec":{"type":"NodePort","clusterIP":"10.96.7.7","ports":[{"port":80,"nodePort":30321}]}}""")).Expect(201);
        Assert.Null(await _server.Store.GetAsync("/registry/networking.k8s.io/ipaddresses/10.96.7.7", default));
        Assert.Equal(30321, (await _server.Admin.CreateAsync(NodePort("b", 30321), default)).Spec.Ports[0].NodePort);
    }

    [Fact]
    public async Task Address_IsAnIPAddressObjectThatGoesWithItsService()
    {
        var created = await _server.Admin.CreateAsync(NodePort("a"), default);
        var address = (await _server.GetAsync($"/apis/networking.k8s.io/v1/ipaddresses/{created.Spec.ClusterIP}")).Expect(200).Json;
        Assert.Equal("a", (string?)address["spec"]!["parentRef"]!["name"]);
        await _server.Admin.DeleteAsync<Service>("default", "a", DeleteOptions.Empty, default);
        (await _server.GetAsync($"/apis/networking.k8s.io/v1/ipaddresses/{created.Spec.ClusterIP}")).Expect(404);
    }

    [Fact]
    public async Task Start_AfterAProcessDiedInBetween_RepairsThePools()
    {
        var kept = await _server.Admin.CreateAsync(NodePort("kept"), default);
        var lost = $"/registry/coxswain.dev/nodeports/{kept.Spec.Ports[0].NodePort}";
        await _server.Store.WriteAsync(Coxswain.Store.StoreWrite.Delete(lost, null), default);
        await _server.Store.WriteAsync(Coxswain.Store.StoreWrite.Put("/registry/coxswain.dev/nodeports/30777",
            """{"metadata":{"name":"30777","creationTimestamp":"2020-01-01T00:00:00Z"},"service":"default/never"}"""u8.ToArray(), 0), default);
        await using var second = _server.NewHost(_server.Store, TimeProvider.System);
        await second.StartAsync(default);
        Assert.NotNull(await _server.Store.GetAsync(lost, default));
        Assert.Null(await _server.Store.GetAsync("/registry/coxswain.dev/nodeports/30777", default));
    }

    [Fact]
    public async Task Create_WhoseClientLeavesOnceItIsWritten_KeepsItsAddressAndPort()
    {
        using var leaving = new CancellationTokenSource();
        _server.Intercepted.AfterCommit = write => write.Key == "/registry/core/services/default/a" ? leaving.CancelAsync() : Task.CompletedTask;
        await Record.ExceptionAsync(() => _server.Admin.CreateAsync(NodePort("a"), leaving.Token));
        Assert.True(leaving.IsCancellationRequested);
        var spec = (await _server.Admin.GetAsync<Service>("default", "a", default)).Spec;
        Assert.NotNull(await _server.Store.GetAsync("/registry/networking.k8s.io/ipaddresses/" + spec.ClusterIP, default));
        Assert.NotNull(await _server.Store.GetAsync($"/registry/coxswain.dev/nodeports/{spec.Ports[0].NodePort}", default));
    }

    [Fact]
    public async Task Create_WhileItsNamespaceEnds_GivesBackWhatItTook()
    {
        await _server.Admin.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = "ending" } }, default);
        _server.Intercepted.BeforeWrite = async write =>
        {
            if (write.Key == "/registry/core/services/ending/a" && write.Value is not null)
            {
                await _server.Admin.DeleteAsync<Namespace>(null, "ending", DeleteOptions.Empty, default);
            }
        };
        (await _server.PostAsync("/api/v1/namespaces/ending/services",
            """{"metadata":{"name":"a"},"spec":{"type":"NodePort","clusterIP":"10.96.7.7","ports":[{"port":80,"nodePort":30321}]}}""")).Expect(403);
        Assert.Null(await _server.Store.GetAsync("/registry/networking.k8s.io/ipaddresses/10.96.7.7", default));
        Assert.Null(await _server.Store.GetAsync("/registry/coxswain.dev/nodeports/30321", default));
    }

    [Fact]
    public async Task Create_OfAServiceThatGoesMeanwhile_IsNotWrittenWithoutAnAddress()
    {
        await _server.Admin.CreateAsync(NodePort("a"), default);
        _server.Intercepted.BeforeWrite = async write =>
        {
            if (write is { Key: "/registry/core/services/default/a", Value: not null })
            {
                await _server.Admin.DeleteAsync<Service>("default", "a", DeleteOptions.Empty, default);
            }
        };
        (await _server.PostAsync("/api/v1/namespaces/default/services", """{"metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}""")).Expect(409);
    }

    [Fact]
    public async Task Create_Headless_TakesNoAddress()
    {
        var created = await _server.Admin.CreateAsync(NodePort("a") with { Spec = new ServiceSpec { ClusterIP = "None", Ports = [new ServicePort { Port = 80 }] } }, default);
        Assert.Equal("None", created.Spec.ClusterIP);
    }

    private static Service NodePort(string name, int port = 0) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = "default" },
        Spec = new ServiceSpec { Type = "NodePort", Ports = [new ServicePort { Port = 80, NodePort = port }] },
    };
}
