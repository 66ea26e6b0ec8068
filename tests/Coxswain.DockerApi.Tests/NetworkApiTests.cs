using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Engine.Tests.Containers;

namespace Coxswain.DockerApi.Tests;

public class NetworkApiTests
{
    private const string Answer = "printf 'HTTP/1.0 200 OK\\r\\n\\r\\nserved'";

    [Fact]
    public async Task Names_OnANetworkOfTheUsers_AreFoundThereAndNowhereElse()
    {
        await using var server = await TestServer.StartAsync();
        await server.SendAsync("POST", "/networks/create", new { Name = "net" });
        await server.SendAsync("POST", "/networks/create", new { Name = "other" });
        await server.RunAsync("db", "sleep 1000", On("net", "database"));

        var near = await server.RunAsync(null, "sleep 1000", On("net"));
        var far = await server.RunAsync(null, "sleep 1000", On("other"));
        var address = (await server.InspectAsync("db"))["NetworkSettings"]!["Networks"]!["net"]!["IPAddress"]!.GetValue<string>();

        Assert.Contains(address, await server.ExecAsync(near, "nslookup db"), StringComparison.Ordinal);
        Assert.Contains(address, await server.ExecAsync(near, "nslookup database"), StringComparison.Ordinal);
        Assert.DoesNotContain(address, await server.ExecAsync(far, "nslookup db"), StringComparison.Ordinal);
        Assert.Equal("0% packet loss", Loss(await server.ExecAsync(near, $"ping -c1 -W2 {address}")));
        Assert.Equal("100% packet loss", Loss(await server.ExecAsync(far, $"ping -c1 -W1 {address}")));
    }

    [Fact]
    public async Task Port_Published_IsReachedByLoopbackAndAddressAndIsFreeAgainAfterwards()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.RunAsync("web", $"while true; do {Answer} | nc -l -p 8080; done", Publish("8080/tcp", ""));
        var port = int.Parse((await server.InspectAsync(id))["NetworkSettings"]!["Ports"]!["8080/tcp"]![0]!["HostPort"]!.GetValue<string>());

        var served = await GetAsync(port);
        var clash = await server.CreateAsync("clash", "sleep 1000", Publish("80/tcp", port.ToString()));
        var (refused, message) = await server.SendAsync("POST", $"/containers/{clash}/start");
        await server.SendAsync("POST", $"/containers/{id}/stop?t=0");
        var (started, _) = await server.SendAsync("POST", $"/containers/{clash}/start");

        Assert.EndsWith("served", served, StringComparison.Ordinal);
        Assert.Equal(500, refused);
        Assert.Contains("port is already allocated", message!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(204, started);
    }

    [Fact]
    public async Task Port_Published_IsReachedFromAContainerOfAnotherNetwork()
    {
        await using var server = await TestServer.StartAsync();
        await server.SendAsync("POST", "/networks/create", new { Name = "net" });
        var id = await server.RunAsync("web", $"while true; do {Answer} | nc -l -p 8080; done", Publish("8080/tcp", ""));
        var settings = (await server.InspectAsync(id))["NetworkSettings"]!;
        var port = settings["Ports"]!["8080/tcp"]![0]!["HostPort"]!.GetValue<string>();
        var gateway = settings["Networks"]!["bridge"]!["Gateway"]!.GetValue<string>();

        var other = await server.RunAsync(null, "sleep 1000", On("net"));

        Assert.Contains("served", await server.ExecAsync(other, $"echo | nc -w 3 {gateway} {port}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Network_ConnectedAndDisconnectedWhileItRuns_ComesAndGoes()
    {
        await using var server = await TestServer.StartAsync();
        await server.SendAsync("POST", "/networks/create", new { Name = "more" });
        var id = await server.RunAsync("box", "sleep 1000");

        var (connected, _) = await server.SendAsync("POST", "/networks/more/connect", new { Container = "box" });
        var with = await server.ExecAsync(id, "ls /sys/class/net");
        var (busy, _) = await server.SendAsync("DELETE", "/networks/more");
        var (disconnected, _) = await server.SendAsync("POST", "/networks/more/disconnect", new { Container = "box" });
        var without = await server.ExecAsync(id, "ls /sys/class/net");
        var (removed, _) = await server.SendAsync("DELETE", "/networks/more");

        Assert.Equal((200, 403, 200, 204), (connected, busy, disconnected, removed));
        Assert.Contains("eth1", with, StringComparison.Ordinal);
        Assert.DoesNotContain("eth1", without, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Volume_OfAName_OutlivesItsContainerAndGetsWhatTheImageHas()
    {
        await using var server = await TestServer.StartAsync();
        var first = await server.RunAsync(null, "echo kept > /etc/kept", Bind("vol:/etc"));
        await server.WaitAsync(first);
        await server.SendAsync("DELETE", $"/containers/{first}?v=1");

        var second = await server.RunAsync("second", "sleep 1000", Bind("vol:/data"));
        var (inUse, _) = await server.SendAsync("DELETE", "/volumes/vol");

        Assert.Equal("kept\n", await server.ExecAsync(second, "cat /data/kept"));
        Assert.Contains("app:x:1000", await server.ExecAsync(second, "cat /data/passwd"), StringComparison.Ordinal);
        Assert.Equal(409, inUse);
    }

    [Theory]
    [InlineData("/networks/create", """{"Name":"net","IPAM":{"Config":[{"Subnet":"nonsense"}]}}""", 400)]
    [InlineData("/networks/create", """{"Name":"net","Driver":"overlay"}""", 501)]
    [InlineData("/volumes/create", """{"Name":"../etc"}""", 400)]
    [InlineData("/volumes/create", """{"Name":"v","Driver":"nfs"}""", 404)]
    public async Task Request_ThatCannotBe_IsRefusedWithACode(string path, string body, int expected)
    {
        await using var server = await TestServer.StartAsync();

        var (status, message) = await server.SendAsync("POST", path, JsonNode.Parse(body));

        Assert.Equal(expected, status);
        Assert.NotEmpty(message!["message"]!.GetValue<string>());
    }

    private static Action<JsonObject> On(string network, string? alias = null) => body =>
    {
        body["HostConfig"]!["NetworkMode"] = network;
        body["NetworkingConfig"] = new JsonObject
        {
            ["EndpointsConfig"] = new JsonObject
            {
                [network] = new JsonObject { ["Aliases"] = alias is null ? new JsonArray() : new JsonArray(alias) },
            },
        };
    };

    private static Action<JsonObject> Publish(string port, string hostPort) => body =>
        body["HostConfig"]!["PortBindings"] = new JsonObject { [port] = new JsonArray(new JsonObject { ["HostPort"] = hostPort }) };

    private static Action<JsonObject> Bind(string bind) => body => body["HostConfig"]!["Binds"] = new JsonArray(bind);

    private static string Loss(string ping) =>
        ping.Contains(" 0% packet loss", StringComparison.Ordinal) ? "0% packet loss"
        : ping.Contains(" 100% packet loss", StringComparison.Ordinal) ? "100% packet loss" : ping;

    /// <summary>The container may not listen yet.</summary>
    private static async Task<string> GetAsync(int port)
    {
        var patience = TestEngine.Timeout;
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", port, patience);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.0\r\n\r\n"), patience);
                using var reader = new StreamReader(client.GetStream());
                if (await reader.ReadToEndAsync(patience) is { Length: > 0 } text)
                {
                    return text;
                }
            }
            catch (Exception exception) when (exception is SocketException or IOException && !patience.IsCancellationRequested)
            {
                await Task.Delay(50, patience);
            }
        }
    }
}
