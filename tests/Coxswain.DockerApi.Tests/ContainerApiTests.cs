using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Engine.Tests.Containers;

namespace Coxswain.DockerApi.Tests;

public class ContainerApiTests
{
    [Fact]
    public async Task Ping_OfAnyVersion_SaysTheNewest()
    {
        await using var server = await TestServer.StartAsync();

        using var answer = await server.GetAsync("/v1.24/_ping");
        var (tooOld, message) = await server.SendAsync("GET", "/v1.12/version");
        var (swarm, _) = await server.SendAsync("GET", "/v1.40/services");

        Assert.Equal("1.52", answer.Headers.GetValues("Api-Version").Single());
        Assert.Equal(400, tooOld);
        Assert.Contains("too old", message!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(501, swarm);
    }

    [Fact]
    public async Task Create_WithATakenNameOrAMissingImage_IsRefusedAndLeavesNothing()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.CreateAsync("one", "true");

        var (taken, message) = await server.SendAsync("POST", "/containers/create?name=one", new { Image = TestServer.Image });
        var (missing, _) = await server.SendAsync("POST", "/containers/create", new { Image = "nosuch" });
        var (badName, _) = await server.SendAsync("POST", "/containers/create?name=a%20b", new { Image = TestServer.Image });

        Assert.Equal(409, taken);
        Assert.Contains(id, message!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(404, missing);
        Assert.Equal(400, badName);
        Assert.Single(server.Local.Containers.List());
    }

    [Fact]
    public async Task Attach_BeforeStart_ShowsAllOutputAndPassesTheEndOfInput()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.CreateAsync(null, "cat; echo wrong >&2; exit 3", body =>
        {
            body["OpenStdin"] = true;
            body["StdinOnce"] = true;
        });

        await using var stream = await server.HijackAsync($"/containers/{id}/attach?stream=1&stdin=1&stdout=1&stderr=1");
        using var waiting = await server.PostAsync($"/containers/{id}/wait?condition=next-exit");
        await server.SendAsync("POST", $"/containers/{id}/start");
        await stream.WriteAsync(Encoding.UTF8.GetBytes("typed\n"), TestEngine.Timeout);
        stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        var frames = await TestServer.ReadFramesAsync(stream);
        var exit = JsonNode.Parse(await waiting.Content.ReadAsStringAsync(TestEngine.Timeout));

        Assert.Equal([(1, "typed\n"), (2, "wrong\n")], frames);
        Assert.Equal(3, exit!["StatusCode"]!.GetValue<int>());
    }

    [Fact]
    public async Task Exec_StartedWithABody_StreamsBothWaysAfterTheClientEndedItsSide()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.RunAsync(null, "sleep 1000");
        var (_, created) = await server.SendAsync(
            "POST", $"/containers/{id}/exec",
            new { Cmd = new[] { "sh", "-c", "cat; exit 5" }, AttachStdin = true, AttachStdout = true, AttachStderr = true });
        var exec = created!["Id"]!.GetValue<string>();

        await using var stream = await server.HijackAsync($"/exec/{exec}/start", """{"Detach":false,"Tty":false}""");
        await stream.WriteAsync(Encoding.UTF8.GetBytes("in"), TestEngine.Timeout);
        stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        var frames = await TestServer.ReadFramesAsync(stream);
        var (_, details) = await server.SendAsync("GET", $"/exec/{exec}/json");

        Assert.Equal([(1, "in")], frames);
        Assert.False(details!["Running"]!.GetValue<bool>());
        Assert.Equal(5, details["ExitCode"]!.GetValue<int>());
    }

    [Fact]
    public async Task AutoRemove_WhenItEnds_LeavesNeitherContainerNorAnonymousVolume()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.CreateAsync("gone", "true", body =>
        {
            body["HostConfig"]!["AutoRemove"] = true;
            body["Volumes"] = new JsonObject { ["/data"] = new JsonObject() };
        });

        using var waiting = await server.PostAsync($"/containers/{id}/wait?condition=removed");
        await server.SendAsync("POST", $"/containers/{id}/start");
        await waiting.Content.ReadAsStringAsync(TestEngine.Timeout);
        var again = await server.CreateAsync("again", "true");

        Assert.Equal([again], server.Local.Containers.List().Select(container => container.Id));
        await Eventually(() => server.Local.Volumes.List().Count == 0);
    }

    [Fact]
    public async Task RestartPolicy_OnFailure_TriesAsOftenAsItSays()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.RunAsync(null, "exit 4", body =>
            body["HostConfig"]!["RestartPolicy"] = new JsonObject { ["Name"] = "on-failure", ["MaximumRetryCount"] = 2 });

        await Eventually(async () => await server.InspectAsync(id) is var now && now["RestartCount"]!.GetValue<int>() == 2
            && now["State"]!["Status"]!.GetValue<string>() == "exited");

        Assert.Equal(4, (await server.InspectAsync(id))["State"]!["ExitCode"]!.GetValue<int>());
    }

    [Fact]
    public async Task Server_StartedAgain_KnowsWhatRunsAndStartsWhatItsPolicyWants()
    {
        await using var server = await TestServer.StartAsync();
        await server.SendAsync("POST", "/networks/create", new { Name = "net" });
        var kept = await server.RunAsync("kept", "httpd -f -p 80 -h /etc", body => body["HostConfig"]!["NetworkMode"] = "net");
        var always = await server.RunAsync("always", "sleep 1000", body =>
            body["HostConfig"]!["RestartPolicy"] = new JsonObject { ["Name"] = "always" });
        var plain = await server.RunAsync("plain", "sleep 1000");
        var pids = new[] { always, plain }.Select(id => server.Local.Containers.Inspect(id).Status.Pid).ToArray();

        await server.RestartAsync(async () =>
        {
            foreach (var pid in pids)
            {
                Coxswain.Linux.Processes.Signals.Send(pid, Coxswain.Linux.Processes.Signals.Kill);
                using var process = System.Diagnostics.Process.GetProcesses().FirstOrDefault(process => process.Id == pid);
                await (process?.WaitForExitAsync(TestEngine.Timeout) ?? Task.CompletedTask);
            }
        });
        await Eventually(() => server.Local.Containers.Inspect(always).IsRunning);

        Assert.True(server.Local.Containers.Inspect(kept).IsRunning);
        Assert.False(server.Local.Containers.Inspect(plain).IsRunning);
        Assert.Contains("kept", await AskAsync(server, "kept"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_OfOneThatIsToRestart_EndsIt()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.RunAsync(null, "exit 1", body =>
            body["HostConfig"]!["RestartPolicy"] = new JsonObject { ["Name"] = "always" });
        await Eventually(() => server.Local.Containers.Inspect(id).RestartCount > 0);

        await server.SendAsync("POST", $"/containers/{id}/stop?t=0");
        var count = server.Local.Containers.Inspect(id).RestartCount;
        var (status, _) = await server.SendAsync("DELETE", $"/containers/{id}");

        Assert.Equal(204, status);
        Assert.True(count > 0);
    }

    [Fact]
    public async Task Health_OfACheckThatFails_IsUnhealthyAndThenHealthy()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.RunAsync(null, "sleep 1000", body => body["Healthcheck"] = new JsonObject
        {
            ["Test"] = new JsonArray("CMD-SHELL", "echo looked; test -e /tmp/ok"),
            ["Interval"] = 100_000_000,
            ["Retries"] = 1,
        });

        await Eventually(async () => (await server.InspectAsync(id))["State"]!["Health"]!["Status"]!.GetValue<string>() == "unhealthy");
        await server.ExecAsync(id, "touch /tmp/ok");
        await Eventually(async () => (await server.InspectAsync(id))["State"]!["Health"]!["Status"]!.GetValue<string>() == "healthy");

        var log = (await server.InspectAsync(id))["State"]!["Health"]!["Log"]!.AsArray();
        Assert.InRange(log.Count, 1, 5);
        Assert.Equal("looked\n", log[0]!["Output"]!.GetValue<string>());
    }

    [Fact]
    public async Task Logs_OfBothStreams_AreFramedAndTailed()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.RunAsync(null, "echo out; echo err >&2; echo last");
        await server.WaitAsync(id);

        using var all = await server.GetAsync($"/containers/{id}/logs?stdout=1&stderr=1");
        using var tail = await server.GetAsync($"/containers/{id}/logs?stdout=1&tail=1");
        var (none, _) = await server.SendAsync("GET", $"/containers/{id}/logs");

        Assert.Equal(
            [(1, "last\n"), (1, "out\n"), (2, "err\n")],
            (await TestServer.ReadFramesAsync(await all.Content.ReadAsStreamAsync(TestEngine.Timeout))).Order());
        Assert.Equal([(1, "last\n")], await TestServer.ReadFramesAsync(await tail.Content.ReadAsStreamAsync(TestEngine.Timeout)));
        Assert.Equal(400, none);
    }

    [Fact]
    public async Task Pause_StopsWhatRuns_AndAForcedRemovalStillWorks()
    {
        await using var server = await TestServer.StartAsync();
        var id = await server.RunAsync(null, "sleep 1000");

        await server.SendAsync("POST", $"/containers/{id}/pause");
        var paused = (await server.InspectAsync(id))["State"]!["Status"]!.GetValue<string>();
        var (exec, _) = await server.SendAsync("POST", $"/containers/{id}/exec", new { Cmd = new[] { "true" } });
        var (removed, _) = await server.SendAsync("DELETE", $"/containers/{id}?force=1");

        Assert.Equal("paused", paused);
        Assert.Equal(409, exec);
        Assert.Equal(204, removed);
    }

    private static async Task<string> AskAsync(TestServer server, string name)
    {
        var id = await server.RunAsync(null, $"nslookup {name}", body => body["HostConfig"]!["NetworkMode"] = "net");
        await server.WaitAsync(id);
        using var log = await server.GetAsync($"/containers/{id}/logs?stdout=1");
        return string.Concat((await TestServer.ReadFramesAsync(await log.Content.ReadAsStreamAsync(TestEngine.Timeout))).Select(frame => frame.Text));
    }

    private static Task Eventually(Func<bool> condition) => Eventually(() => Task.FromResult(condition()));

    /// <summary>For what only time brings about and nothing tells of.</summary>
    private static async Task Eventually(Func<Task<bool>> condition)
    {
        var patience = TestEngine.Timeout;
        while (!await condition())
        {
            await Task.Delay(50, patience);
        }
    }
}
