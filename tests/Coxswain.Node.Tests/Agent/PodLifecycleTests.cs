using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Node.Tests.Probes;

namespace Coxswain.Node.Tests.Agent;

public sealed class PodLifecycleTests : IDisposable
{
    /// <summary>Ready once the first process heeds SIGTERM as the test wants.</summary>
    private static readonly Probe Up = new() { Exec = new ExecAction { Command = ["/bin/cat", "/work/up"] }, PeriodSeconds = 1, TimeoutSeconds = 10 };

    private const string Idle = "while :; do sleep 1 & wait; done";

    private readonly string _work = Directory.CreateTempSubdirectory("coxswain-work-").FullName;

    public void Dispose() => Directory.Delete(_work, recursive: true);

    [Fact]
    public async Task Delete_TermHeeded_EndsWithItsOwnExitCode()
    {
        await using var node = await TestNode.StartAsync();
        await CreateAsync(node, "trap 'exit 7' TERM; echo > /work/up; " + Idle, new Lifecycle());
        Assert.Equal(7, await DeleteAsync(node, graceSeconds: 30));
    }

    [Fact]
    public async Task Delete_TermIgnored_IsKilledAfterTheGrace()
    {
        await using var node = await TestNode.StartAsync();
        await CreateAsync(node, "trap '' TERM; echo > /work/up; " + Idle, new Lifecycle());
        Assert.Equal(137, await DeleteAsync(node, graceSeconds: 1));
    }

    [Fact]
    public async Task PreStop_Exec_RunsBeforeTheSignal()
    {
        await using var node = await TestNode.StartAsync();
        await CreateAsync(node, "trap 'cat /work/hook > /work/seen; exit 0' TERM; echo > /work/up; " + Idle, new Lifecycle
        {
            PreStop = new LifecycleHandler { Exec = new ExecAction { Command = ["/bin/sh", "-c", "echo stopping > /work/hook"] } },
        });
        await DeleteAsync(node, graceSeconds: 30);
        Assert.Equal("stopping\n", await File.ReadAllTextAsync(Path.Combine(_work, "seen")));
    }

    [Fact]
    public async Task PreStop_HttpGet_IsAsked()
    {
        await using var node = await TestNode.StartAsync();
        await using var server = new HttpStub(200);
        await CreateAsync(node, "trap 'exit 0' TERM; echo > /work/up; " + Idle, new Lifecycle
        {
            PreStop = new LifecycleHandler { HttpGet = new HTTPGetAction { Host = "127.0.0.1", Port = server.Port, Path = "/bye" } },
        });
        await DeleteAsync(node, graceSeconds: 30);
        Assert.StartsWith("GET /bye ", Assert.Single(server.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PreStop_LongerThanTheGrace_DoesNotHoldThePod()
    {
        await using var node = await TestNode.StartAsync();
        await CreateAsync(node, "trap 'exit 0' TERM; echo > /work/up; " + Idle, new Lifecycle
        {
            PreStop = new LifecycleHandler { Exec = new ExecAction { Command = ["/bin/sleep", "3600"] } },
        });
        Assert.Equal(0, await DeleteAsync(node, graceSeconds: 1));
    }

    [Fact]
    public async Task PostStart_HttpGet_IsAsked()
    {
        await using var node = await TestNode.StartAsync();
        await using var server = new HttpStub(200);
        await CreateAsync(node, "trap 'exit 0' TERM; echo > /work/up; " + Idle, new Lifecycle
        {
            PostStart = new LifecycleHandler { HttpGet = new HTTPGetAction { Host = "127.0.0.1", Port = server.Port, Path = "/hello" } },
        });
        Assert.StartsWith("GET /hello ", Assert.Single(server.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PostStart_Fails_ContainerIsReplaced()
    {
        await using var node = await TestNode.StartAsync();
        await CreateAsync(node, "trap 'exit 0' TERM; echo > /work/up; " + Idle, new Lifecycle
        {
            PostStart = new LifecycleHandler { Exec = new ExecAction { Command = ["/bin/sh", "-c", "[ -f /work/once ] || { echo > /work/once; exit 1; }"] } },
        });
        await node.WaitForAsync("web", pod => pod?.Status.ContainerStatuses is [{ RestartCount: 1, Ready: true }]);
    }

    [Fact]
    public async Task ConfigMapAndSecret_Changed_AreSeenInTheRunningContainer()
    {
        await using var node = await TestNode.StartAsync();
        var meta = ObjectMeta.Empty with { Namespace = "default", Name = "live" };
        var map = await node.Client.CreateAsync(ConfigMap.Empty with { Metadata = meta, Data = new Dictionary<string, string> { ["key"] = "old" } }, TestNode.Timeout);
        var secret = await node.Client.CreateAsync(Secret.Empty with { Metadata = meta, Data = Bytes("old") }, TestNode.Timeout);
        await node.CreateAsync(
            "web", "while [ \"$(cat /map/key /secret/key)\" != newnew ]; do sleep 0.05; done",
            container => container with { VolumeMounts = [new VolumeMount { Name = "map", MountPath = "/map" }, new VolumeMount { Name = "secret", MountPath = "/secret" }] },
            "Never",
            spec => spec with
            {
                Volumes =
                [
                    new Volume { Name = "map", ConfigMap = new ConfigMapVolumeSource { Name = "live" } },
                    new Volume { Name = "secret", Secret = new SecretVolumeSource { SecretName = "live" } },
                ],
            });
        await node.WaitForReadyAsync("web");
        await node.Client.UpdateAsync(map with { Data = new Dictionary<string, string> { ["key"] = "new" } }, TestNode.Timeout);
        await node.Client.UpdateAsync(secret with { Data = Bytes("new") }, TestNode.Timeout);
        await node.WaitForAsync("web", pod => pod?.Status.Phase == "Succeeded");

        static Dictionary<string, ReadOnlyMemory<byte>> Bytes(string text) => new() { ["key"] = Encoding.UTF8.GetBytes(text) };
    }

    [Fact]
    public async Task SharedMemory_OfAPod_IsOneForItsContainers()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync(
            "web", "while ! [ -f /dev/shm/other ]; do sleep 0.05; done", policy: "Never",
            changePod: spec => spec with { Containers = [spec.Containers[0], TestNode.Shell("other", "echo > /dev/shm/other")] });
        await node.WaitForAsync("web", pod => pod?.Status.Phase == "Succeeded");
    }

    [Theory]
    [InlineData("RuntimeDefault", "2")]
    [InlineData("Unconfined", "0")]
    public async Task Seccomp_OfAPod_FiltersAsItsProfileSays(string type, string mode)
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync(
            "web", $"while read name value; do [ \"$name\" = Seccomp: ] && [ \"$value\" = {mode} ] && exit 0; done < /proc/self/status; exit 1", policy: "Never",
            changePod: spec => spec with { SecurityContext = new PodSecurityContext { SeccompProfile = new SeccompProfile { Type = type } } });
        var pod = await node.WaitForAsync("web", pod => pod?.Status.Phase is "Succeeded" or "Failed");
        Assert.Equal("Succeeded", pod!.Status.Phase);
    }

    private async Task CreateAsync(TestNode node, string script, Lifecycle lifecycle)
    {
        await node.CreateAsync(
            "web", script, container => TestNode.WithWork(container) with { Lifecycle = lifecycle, ReadinessProbe = Up },
            changePod: spec => spec with { Volumes = [new Volume { Name = "work", HostPath = new HostPathVolumeSource { Path = _work } }] });
        await node.WaitForReadyAsync("web");
    }

    /// <summary>Deletes the pod and waits until it is gone; the exit code of its container.</summary>
    private static async Task<int?> DeleteAsync(TestNode node, int graceSeconds)
    {
        int? code = null;
        var gone = node.WaitForAsync("web", pod =>
        {
            code = pod?.Status.ContainerStatuses is [{ State.Terminated: { } terminated }] ? terminated.ExitCode : code;
            return pod is null;
        });
        await node.Client.DeleteAsync<Pod>("default", "web", new DeleteOptions { GracePeriodSeconds = graceSeconds }, TestNode.Timeout);
        await gone;
        return code;
    }
}
