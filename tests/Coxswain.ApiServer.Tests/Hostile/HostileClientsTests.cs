using System.Diagnostics;
using System.Text;
using Coxswain.ApiServer.Http;
using Coxswain.Testing.Time;

namespace Coxswain.ApiServer.Tests.Hostile;

/// <summary>What one client does, the others do not feel: each is done while somebody else is answered.</summary>
public sealed class HostileClientsTests : IDisposable
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    /// <summary>How much more than before may be in use: other tests run in the same process, so it is not little.</summary>
    private const long MostMoreBytes = 300L * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>No other timer is set for it, so that a test can wait for this one.</summary>
    private static readonly TimeSpan Unlike = TimeSpan.FromSeconds(97);

    private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
    private readonly CancellationTokenSource _end = new(Patience, TimeProvider.System);

    public void Dispose() => _end.Dispose();

    [Fact]
    public async Task Connections_TenThousandThatSayNothing_HinderNobody()
    {
        await using var server = await TestServer.StartAsync();

        // The clients' ends are in a process of their own, which has a limit of open files of its own.
        const string Open = "for i in {1..10000}; do exec {end}<>/dev/tcp/127.0.0.1/$0 || exit 1; done; echo open; read";
        using var clients = Process.Start(new ProcessStartInfo("bash", ["-c", Open, $"{server.Host.Endpoints[0].Port}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!; // it is not run by a shell
        List<HostileConnection> afterTheHandshake = [];
        try
        {
            Assert.Equal("open", await clients.StandardOutput.ReadLineAsync(_end.Token));
            for (var i = 0; i < 100; i++)
            {
                afterTheHandshake.Add(await HostileConnection.OpenAsync(server, server.Pki.Admin()));
            }

            using var other = server.ClientWith(server.Pki.Admin());
            (await server.SendAsync(HttpMethod.Get, ConfigMaps, client: other)).Expect(200);
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - _before, long.MinValue, MostMoreBytes);
        }
        finally
        {
            clients.StandardInput.Close();
            await clients.WaitForExitAsync(CancellationToken.None);
            foreach (var connection in afterTheHandshake)
            {
                await connection.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Bodies_PromisedAndNotSent_HoldNoMemoryAndHinderNobody()
    {
        await using var server = await TestServer.StartAsync();
        List<HostileConnection> slow = [];
        for (var i = 0; i < 40; i++)
        {
            var connection = await HostileConnection.OpenAsync(server, server.Pki.Admin());
            slow.Add(connection);
            await connection.SendAsync(
                $"POST {ConfigMaps} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n{{\"a\":");
        }

        (await server.PostAsync(ConfigMaps, """{"metadata":{"name":"quick"}}""")).Expect(201);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - _before, long.MinValue, MostMoreBytes);
        foreach (var connection in slow)
        {
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task Body_NotSentInTime_EndsItsRequest()
    {
        var time = new VirtualTime(TimeProvider.System.GetUtcNow());
        await using var server = await TestServer.StartAsync(time: time, options: options => options with { Bounds = new RequestBounds { Timeout = Unlike } });
        await using var slow = await HostileConnection.OpenAsync(server, server.Pki.Admin());
        var due = time.GetUtcNow() + Unlike;
        await slow.SendAsync($"POST {ConfigMaps} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n{{");
        await time.WaitForTimerAsync(due, _end.Token);
        time.AdvanceTo(due);
        Assert.StartsWith("HTTP/1.1 504", await slow.StatusLineAsync(_end.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_ThatNobodyReads_EndsInTime()
    {
        var time = new VirtualTime(TimeProvider.System.GetUtcNow());
        await using var server = await TestServer.StartAsync(time: time, options: options => options with { Bounds = new RequestBounds { Timeout = Unlike } });
        await FillAsync(server);
        await using var stalled = await HostileConnection.OpenAsync(server, server.Pki.Admin(), receiveBuffer: 4096);
        var due = time.GetUtcNow() + Unlike;
        await stalled.SendAsync($"GET {ConfigMaps} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", await stalled.StatusLineAsync(_end.Token), StringComparison.Ordinal);
        await time.WaitForTimerAsync(due, _end.Token);
        time.AdvanceTo(due);
        Assert.InRange(await stalled.ReadToEndAsync(_end.Token), 0, 11_000_000);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_MadeToHurt_IsRefusedWhileOthersAreAnswered(string what, string contentType, string method, string path)
    {
        await using var server = await TestServer.StartAsync();
        (await server.PostAsync(ConfigMaps, """{"metadata":{"name":"m"},"data":{"a":"b"}}""")).Expect(201);
        var hostile = server.SendAsync(new HttpMethod(method), path, BodyOf(what), contentType);
        (await server.GetAsync(ConfigMaps + "/m")).Expect(200);
        var answer = await hostile.WaitAsync(_end.Token);
        Assert.InRange(answer.Code, 400, 499);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - _before, long.MinValue, MostMoreBytes);
    }

    public static TheoryData<string, string, string, string> Bodies() => new()
    {
        { "nested json", "application/json", "POST", ConfigMaps },
        { "nested yaml", "application/yaml", "POST", ConfigMaps },
        { "yaml aliases", "application/yaml", "POST", ConfigMaps },
        { "yaml merge keys", "application/yaml", "POST", ConfigMaps },
        { "json patch copies", "application/json-patch+json", "PATCH", ConfigMaps + "/m" },
        { "too large", "application/json", "POST", ConfigMaps },
    };

    private static string BodyOf(string what) => what switch
    {
        "nested json" => "{\"data\":" + new string('[', 2_900_000),
        "nested yaml" => "a: " + new string('[', 2_900_000),
        "yaml aliases" => Aliases(),
        "yaml merge keys" => MergeKeys(),
        "json patch copies" => Copies(),
        _ => $"{{\"data\":{{\"a\":\"{new string('x', 3_200_000)}\"}}}}",
    };

    /// <summary>Each level names the one below it ten times.</summary>
    private static string Aliases()
    {
        var text = new StringBuilder("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\nl0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
        {
            text.Append('l').Append(i).Append(": &l").Append(i).Append(" [").AppendJoin(", ", Enumerable.Repeat($"*l{i - 1}", 10)).Append("]\n");
        }

        return text.ToString();
    }

    /// <summary>One large map, merged into very many.</summary>
    private static string MergeKeys()
    {
        var text = new StringBuilder("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\nbig: &big\n");
        for (var i = 0; i < 50_000; i++)
        {
            text.Append("  k").Append(i).Append(": v\n");
        }

        text.Append("all:\n");
        for (var i = 0; i < 100_000; i++)
        {
            text.Append("- <<: *big\n");
        }

        return text.ToString();
    }

    /// <summary>Doubles the object with each operation.</summary>
    private static string Copies() =>
        "[" + string.Join(',', Enumerable.Range(0, 30).Select(i => $"{{\"op\":\"copy\",\"from\":\"/data\",\"path\":\"/data/c{i}\"}}")) + "]";

    /// <summary>More than all the buffers on the way to a client hold.</summary>
    private static async Task FillAsync(TestServer server)
    {
        var large = new string('x', 900_000);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
            (await server.PostAsync(ConfigMaps, $"{{\"metadata\":{{\"name\":\"m{i}\"}},\"data\":{{\"a\":\"{large}\"}}}}")).Expect(201)));
    }
}
