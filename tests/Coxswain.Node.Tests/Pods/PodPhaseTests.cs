using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Node.Runtime;
using Coxswain.Node.Tests.Agent;

namespace Coxswain.Node.Tests.Pods;

public sealed class PodPhaseTests
{
    /// <summary>Each step of a pod's start that takes its time.</summary>
    public static TheoryData<string> Steps => ["RunPodSandbox", "PullImage", "CreateContainer", "StartContainer"];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Delete_DuringAStep_LeavesNothing(string step)
    {
        var held = new Hold(step);
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = held.BeforeAsync);
        await node.CreateAsync(changeContainer: Pulled);
        await held.ReachedAsync();
        await node.DeleteAsync();
        held.Release();
        await node.WaitForAsync(pod => pod is null);
        await node.StopAsync();
        Assert.Empty(await node.Runtime.ListContainersAsync(TestNode.Timeout));
        Assert.Empty(await node.Runtime.ListPodSandboxAsync(TestNode.Timeout));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(node.Options.DataDirectory, "pods")));
    }

    [Theory]
    [InlineData("PullImage")]
    [InlineData("CreateContainer")]
    [InlineData("StartContainer")]
    public async Task Delete_WhileAStartHangs_GivesItUp(string step)
    {
        var held = new Hold(step);
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = held.BeforeAsync);
        await node.CreateAsync(changeContainer: Pulled);
        await held.ReachedAsync();
        await node.DeleteAsync();
        await node.WaitForAsync(pod => pod is null); // Nobody releases it.
        Assert.Empty(await node.Runtime.ListContainersAsync(TestNode.Timeout));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Restart_OfTheAgentDuringAStep_StartsThePodOnce(string step)
    {
        var held = new Hold(step);
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = held.BeforeAsync);
        await node.CreateAsync(changeContainer: Pulled);
        await held.ReachedAsync();
        await node.StopAsync();
        node.Runtime.Before = null;
        await node.RestartAsync();
        var pod = await node.WaitForReadyAsync();
        Assert.Equal(0, pod!.Status.ContainerStatuses[0].RestartCount);
        Assert.Equal(ContainerRunState.Running, Assert.Single(await node.Runtime.ListContainersAsync(TestNode.Timeout)).State);
    }

    [Fact]
    public async Task Restart_OfAKilledAgentBetweenCreateAndStart_RemovesWhatWasNotStarted()
    {
        var held = new Hold("StartContainer");
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = async (call, about, cancellationToken) =>
        {
            await held.BeforeAsync(call, about, cancellationToken);
            if (call == "RemoveContainer" && !held.IsReleased)
            {
                throw new RuntimeException(RuntimeFailure.Failed, "killed");
            }
        });
        await node.CreateAsync();
        await held.ReachedAsync();
        var left = node.Runtime.Newest("main")!.Id;
        await node.StopAsync();
        held.Release();
        await node.RestartAsync();
        await node.WaitForReadyAsync();
        Assert.DoesNotContain(await node.Runtime.ListContainersAsync(TestNode.Timeout), container => container.Id == left);
    }

    [Fact]
    public async Task Restart_OfTheAgentWhileTerminating_EndsThePod()
    {
        await using var node = await FakeNode.StartAsync();
        node.Runtime.Deaf.Add("main");
        await node.CreateAsync();
        await node.WaitForReadyAsync();
        var stopped = new Hold("StopContainer");
        node.Runtime.Before = stopped.BeforeAsync;
        await node.DeleteAsync();
        await stopped.ReachedAsync();
        await node.StopAsync();
        node.Runtime.Before = null;
        node.Runtime.Deaf.Clear();
        await node.RestartAsync();
        await node.WaitForAsync(pod => pod is null);
    }

    [Fact]
    public async Task Tidying_PodArrivesMeanwhile_KeepsItAndRemovesOthers()
    {
        var looks = 0;
        var look = new Hold("ListContainers");
        var removed = new Hold("RemovePodSandbox");
        removed.Release();
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = async (call, about, cancellationToken) =>
        {
            // The first look is for what was not started.
            if (call != "ListContainers" || Interlocked.Increment(ref looks) == 2)
            {
                await look.BeforeAsync(call, about, cancellationToken);
            }

            if (about == "gone")
            {
                await removed.BeforeAsync(call, about, cancellationToken);
            }
        });
        await look.ReachedAsync();
        Directory.CreateDirectory(Path.Combine(node.Options.DataDirectory, "pods", "gone"));
        var pod = await node.CreateAsync();
        await node.WaitForReadyAsync();
        look.Release();
        await removed.ReachedAsync();
        await node.StopAsync();
        Assert.DoesNotContain($"RemovePodSandbox {pod.Metadata.Uid}", node.Runtime.Calls);
        Assert.Contains(await node.Runtime.ListPodSandboxAsync(TestNode.Timeout), sandbox => sandbox.Config.Id == pod.Metadata.Uid);
    }

    [Fact]
    public async Task Tidying_RuntimeCannotList_IsTriedAgain()
    {
        var looks = 0;
        var failed = new Hold("ListContainers");
        failed.Release();
        var removed = new Hold("RemovePodSandbox");
        removed.Release();
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = async (call, about, cancellationToken) =>
        {
            if (call == "ListContainers" && Interlocked.Increment(ref looks) == 2)
            {
                await failed.BeforeAsync(call, about, cancellationToken);
                throw new RuntimeException(RuntimeFailure.Failed, "not now");
            }

            await removed.BeforeAsync(call, about, cancellationToken);
        });
        await failed.ReachedAsync();
        Directory.CreateDirectory(Path.Combine(node.Options.DataDirectory, "pods", "gone"));
        await node.Time.ArmedAsync(TimeSpan.FromSeconds(3), TestNode.Timeout);
        node.Time.Advance(TimeSpan.FromSeconds(3));
        await removed.ReachedAsync();
    }

    [Fact]
    public async Task Remove_OfAnEarlierAttemptFails_IsTriedAgain()
    {
        var removals = 0;
        var failed = new Hold("RemoveContainer");
        failed.Release();
        var again = new Hold("RemoveContainer");
        again.Release();
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = async (call, about, cancellationToken) =>
        {
            if (call == "RemoveContainer")
            {
                if (Interlocked.Increment(ref removals) == 1)
                {
                    await failed.BeforeAsync(call, about, cancellationToken);
                    throw new RuntimeException(RuntimeFailure.Failed, "not now");
                }

                await again.BeforeAsync(call, about, cancellationToken);
            }
        });
        await node.CreateAsync();
        await node.WaitForReadyAsync();
        node.Runtime.End(node.Runtime.Newest("main")!.Id, 1);
        await failed.ReachedAsync();
        await node.Time.ArmedAsync(TimeSpan.FromSeconds(2), TestNode.Timeout);
        node.Time.Advance(TimeSpan.FromSeconds(2));
        await again.ReachedAsync();
    }

    [Fact]
    public async Task Image_CannotBePulledThenCan_RunsAfterTheBackOff()
    {
        var fails = true;
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = (call, _, _) => call == "PullImage" && fails
            ? throw new RuntimeException(RuntimeFailure.RegistryUnavailable, "no route to host")
            : Task.CompletedTask);
        await node.CreateAsync(changeContainer: Pulled);
        await node.WaitForAsync(pod => pod?.Status.ContainerStatuses is [{ State.Waiting: { Reason: "ErrImagePull", Message: "no route to host" } }]);
        await node.Time.ArmedAsync(TimeSpan.FromSeconds(2), TestNode.Timeout);
        node.Time.Advance(TimeSpan.FromSeconds(2));
        await node.WaitForAsync(pod => pod?.Status.ContainerStatuses is [{ State.Waiting.Reason: "ImagePullBackOff" }]);
        fails = false;
        await node.Time.ArmedAsync(TimeSpan.FromSeconds(8), TestNode.Timeout);
        node.Time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(0, (await node.WaitForReadyAsync())!.Status.ContainerStatuses[0].RestartCount);
    }

    [Fact]
    public async Task Sandbox_Lost_ContainersRunAgainInANewOne()
    {
        await using var node = await FakeNode.StartAsync();
        var created = await node.CreateAsync();
        await node.WaitForReadyAsync();
        node.Runtime.LoseSandbox(created.Metadata.Uid);
        node.Runtime.TellLost();
        var pod = await node.WaitForAsync(pod => PodWatch.IsReady(pod) && pod!.Status.ContainerStatuses[0].RestartCount == 1);
        Assert.Equal(2, node.Runtime.Calls.Count(call => call == $"RunPodSandbox {pod!.Metadata.Uid}"));
    }

    [Fact]
    public async Task Image_ChangedWhileTheContainerStarts_IsTheOneThatRuns()
    {
        var held = new Hold("StartContainer");
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = held.BeforeAsync);
        node.Runtime.Images["shop/web:2"] = new ImageInfo("sha256:2", ["shop/web:2"], [], 1, "", "");
        var pod = await node.CreateAsync();
        await held.ReachedAsync();
        await node.Client.UpdateAsync(
            pod with { Metadata = pod.Metadata with { ResourceVersion = "" }, Spec = pod.Spec with { Containers = [pod.Spec.Containers[0] with { Image = "shop/web:2" }] } },
            TestNode.Timeout);
        await node.WaitForAsync(pod => pod!.Status.ObservedGeneration == 2);
        held.Release();
        await node.WaitForAsync(pod => PodWatch.IsReady(pod) && pod!.Status.ContainerStatuses[0].Image == "shop/web:2");
    }

    [Fact]
    public async Task Deadline_PassedAfterThePodSucceeded_ChangesNothing()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(change: spec => spec with { RestartPolicy = "Never", ActiveDeadlineSeconds = 60 });
        await node.WaitForReadyAsync();
        node.Runtime.End(node.Runtime.Newest("main")!.Id, 0);
        await node.WaitForAsync(pod => pod?.Status.Phase == "Succeeded");
        node.Time.Advance(TimeSpan.FromMinutes(5));
        await node.RestartAsync();
        await node.CreateAsync("next");
        await node.WaitForReadyAsync("next");
        Assert.Equal("Succeeded", (await node.Client.GetAsync<Pod>("default", "web", TestNode.Timeout)).Status.Phase);
    }

    [Fact]
    public async Task Deadline_Passed_FailsThePodOnceNothingRuns()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(change: spec => spec with { RestartPolicy = "Never", ActiveDeadlineSeconds = 60 });
        await node.WaitForReadyAsync();
        var held = new Hold("StopContainer");
        node.Runtime.Before = held.BeforeAsync;
        await node.Time.ArmedAsync(TimeSpan.FromSeconds(60), TestNode.Timeout);
        node.Time.Advance(TimeSpan.FromSeconds(60));
        await held.ReachedAsync();
        Assert.Equal("Running", (await node.Client.GetAsync<Pod>("default", "web", TestNode.Timeout)).Status.Phase);
        held.Release();
        var pod = await node.WaitForAsync(pod => pod?.Status.Phase == "Failed");
        Assert.Equal("DeadlineExceeded", pod!.Status.Reason);
    }

    [Fact]
    public async Task Delete_OfAPodThatServes_LeavesItReadyUntilItsContainersStop()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync();
        await node.WaitForReadyAsync();
        var held = new Hold("StopContainer");
        node.Runtime.Before = held.BeforeAsync;
        await node.DeleteAsync();
        await held.ReachedAsync();
        await node.CreateAsync("next");
        await node.WaitForReadyAsync("next");
        Assert.True(PodWatch.IsReady(await node.Client.GetAsync<Pod>("default", "web", TestNode.Timeout)));
        held.Release();
        await node.WaitForAsync(pod => pod is null);
    }

    [Fact]
    public async Task PostStart_ThatDoesNotEnd_DoesNotOutliveItsPod()
    {
        var held = new Hold("Exec");
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = held.BeforeAsync);
        await node.CreateAsync(changeContainer: container => container with
        {
            Lifecycle = new Lifecycle { PostStart = new LifecycleHandler { Exec = new ExecAction { Command = ["/bin/wait"] } } },
        });
        await held.ReachedAsync();
        await node.DeleteAsync();
        await held.CancelledAsync();
        await node.WaitForAsync(pod => pod is null);
    }

    [Fact]
    public async Task PreStop_WithAHeaderThatCannotBeSent_DoesNotHoldThePod()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(changeContainer: container => container with
        {
            Lifecycle = new Lifecycle
            {
                PreStop = new LifecycleHandler
                {
                    HttpGet = new HTTPGetAction { Host = "127.0.0.1", Port = 1, HttpHeaders = [new HTTPHeader { Name = "X", Value = "a\nb" }] },
                },
            },
        });
        await node.WaitForReadyAsync();
        await node.DeleteAsync();
        await node.WaitForAsync(pod => pod is null);
    }

    [Theory]
    [InlineData("kernel.core_pattern", false)]
    [InlineData("net.core.somaxconn", false)]
    [InlineData("net.ipv4.ip_unprivileged_port_start", true)]
    public async Task Sysctl_Unsafe_IsRefused(string name, bool taken)
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(change: spec => spec with
        {
            SecurityContext = new PodSecurityContext { Sysctls = [new Sysctl { Name = name, Value = "0" }] },
        });
        var pod = await node.WaitForAsync(pod => PodWatch.IsReady(pod) || pod?.Status.Phase == "Failed");
        Assert.Equal(taken ? "" : "SysctlForbidden", pod!.Status.Reason);
    }

    [Fact]
    public async Task Update_OfWhatNoVolumeHolds_LeavesVolumesAlone()
    {
        await using var node = await FakeNode.StartAsync();
        var path = Path.Combine(node.Options.DataDirectory, "made-by-the-volume");
        await node.CreateAsync(change: spec => spec with
        {
            ActiveDeadlineSeconds = 1000,
            Volumes = [new Volume { Name = "host", HostPath = new HostPathVolumeSource { Path = path, Type = "DirectoryOrCreate" } }],
        });
        var pod = await node.WaitForReadyAsync();
        Directory.Delete(path);
        await node.Client.UpdateAsync(
            pod! with { Metadata = pod.Metadata with { ResourceVersion = "" }, Spec = pod.Spec with { ActiveDeadlineSeconds = 900 } }, TestNode.Timeout);
        await node.WaitForAsync(pod => pod!.Status.ObservedGeneration == 2);
        await node.StopAsync();
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public async Task Feature_ThatTheNodeDoesNotHave_IsRefusedWithAReason()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync("users", spec => spec with { HostUsers = false });
        await node.CreateAsync("armor", spec => spec with
        {
            SecurityContext = new PodSecurityContext { AppArmorProfile = new AppArmorProfile { Type = "RuntimeDefault" } },
        });
        Assert.Equal("UserNamespacesNotSupported", await ReasonAsync("users"));
        Assert.Equal("AppArmor", await ReasonAsync("armor"));

        async Task<string> ReasonAsync(string name) => (await node.WaitForAsync(pod => pod?.Status.Phase == "Failed", name))!.Status.Reason;
    }

    [Theory]
    [InlineData(null, SecurityProfileType.Unconfined)]
    [InlineData("Unconfined", SecurityProfileType.Unconfined)]
    [InlineData("RuntimeDefault", SecurityProfileType.RuntimeDefault)]
    [InlineData("Localhost", SecurityProfileType.Localhost)]
    public async Task SeccompProfile_OfThePod_IsTheContainers(string? type, SecurityProfileType expected)
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(change: spec => spec with
        {
            SecurityContext = new PodSecurityContext
            {
                SeccompProfile = type is null ? null : new SeccompProfile { Type = type, LocalhostProfile = type == "Localhost" ? "audit.json" : null },
            },
        });
        await node.WaitForReadyAsync();
        var made = Assert.Single(node.Runtime.Made).Security.Seccomp;
        Assert.Equal(expected, made.Type);
        Assert.Equal(type == "Localhost" ? Path.Combine(node.Options.DataDirectory, "seccomp", "audit.json") : "", made.LocalhostRef);
    }

    [Fact]
    public async Task Token_RenewalPassedAfterThePodFinished_ArmsNoTimer()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(change: spec => spec with { RestartPolicy = "Never" });
        await node.WaitForReadyAsync();
        node.Runtime.End(node.Runtime.Newest("main")!.Id, 0);
        await node.WaitForAsync(pod => pod?.Status.Phase == "Succeeded");
        node.Time.Advance(TimeSpan.FromDays(1));
        var looks = node.Runtime.Looks;
        for (var i = 0; i < 10; i++)
        {
            node.Time.Advance(TimeSpan.FromMilliseconds(1));
            await node.CreateAsync("next" + i);
            await node.WaitForReadyAsync("next" + i);
        }

        // Each look of the finished pod's worker asks for its sandbox: a timer that fires for ever would look at every step.
        Assert.InRange(node.Runtime.Looks - looks, 0, 2);
    }

    [Fact]
    public async Task Agent_APartFails_NodeIsNotReadyAndAllBeginsAgain()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync();
        await node.WaitForReadyAsync();
        await node.WaitForNodeAsync(condition => condition.Status == "True");
        node.Runtime.FailEvents(new RuntimeException(RuntimeFailure.Failed, "the runtime is gone"));
        var ready = await node.WaitForNodeAsync(condition => condition.Status == "False");
        Assert.Equal(("KubeletNotReady", "the runtime is gone"), (ready.Reason, ready.Message));
        await node.Time.ArmedAsync(TimeSpan.FromSeconds(1), TestNode.Timeout);
        node.Time.Advance(TimeSpan.FromSeconds(1));
        await node.CreateAsync("next");
        await node.WaitForReadyAsync("next");
        await node.WaitForNodeAsync(condition => condition.Status == "True");
    }

    private static Container Pulled(Container container) => container with { Image = "shop/pulled:1" };

    /// <summary>Holds up the first call of a name until it is released or cancelled.</summary>
    private sealed class Hold(string call)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsReleased => _released.Task.IsCompleted;

        public async Task BeforeAsync(string name, string about, CancellationToken cancellationToken)
        {
            if (name == call)
            {
                _reached.TrySetResult();
                try
                {
                    await _released.Task.WaitAsync(cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    _cancelled.TrySetResult();
                    throw;
                }
            }
        }

        public Task CancelledAsync() => _cancelled.Task.WaitAsync(TestNode.Timeout);

        public Task ReachedAsync() => _reached.Task.WaitAsync(TestNode.Timeout);

        public void Release() => _released.TrySetResult();
    }
}
