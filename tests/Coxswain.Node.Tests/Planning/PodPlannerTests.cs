using Coxswain.Api.Core.V1;
using Coxswain.Node.Planning;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Pods;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Tests.Planning;

public sealed class PodPlannerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Plan_NewPod_MountsAndMakesTheSandboxTogether()
    {
        var plan = PodPlanner.Plan(View([App("web")]) with { Sandbox = null, Volumes = StepView.NotBegun });
        Assert.Equal([new MountVolumes(), new RunSandbox()], plan.Actions);
    }

    [Fact]
    public void Plan_Ready_StartsAllContainersAtOnce() =>
        Assert.Equal([new StartContainer("web"), new StartContainer("log")], PodPlanner.Plan(View([App("web"), App("log")])).Actions);

    [Fact]
    public void Plan_InitContainers_RunOneAfterAnother()
    {
        var first = new ContainerView(new Container { Name = "one" }, ContainerKind.Init);
        var second = new ContainerView(new Container { Name = "two" }, ContainerKind.Init);
        Assert.Equal([new StartContainer("one")], PodPlanner.Plan(View([first, second, App("web")])).Actions);
        Assert.Equal([new StartContainer("two")], PodPlanner.Plan(View([Exited(first, 0), second, App("web")])).Actions);
        Assert.Equal([new StartContainer("web")], PodPlanner.Plan(View([Exited(first, 0), Exited(second, 0), App("web")])).Actions);
    }

    [Fact]
    public void Plan_SandboxLost_RunsInitContainersAgainInOrder()
    {
        var one = Exited(new ContainerView(new Container { Name = "one" }, ContainerKind.Init), 0);
        var two = Exited(new ContainerView(new Container { Name = "two" }, ContainerKind.Init), 0);
        var web = Exited(App("web"), 137);
        ContainerView Lost(ContainerView container) => container with { LostSandbox = true };
        var lost = View([Lost(one), Lost(two), Lost(web)]);
        Assert.Equal([new RunSandbox()], PodPlanner.Plan(lost with { Sandbox = lost.Sandbox! with { Ready = false } }).Actions);
        Assert.Equal([new StartContainer("one")], PodPlanner.Plan(lost).Actions);
        Assert.Equal([new StartContainer("two")], PodPlanner.Plan(lost with { Containers = [one, Lost(two), Lost(web)] }).Actions);
        Assert.Equal([new StartContainer("web")], PodPlanner.Plan(lost with { Containers = [one, two, Lost(web)] }).Actions);
    }

    [Fact]
    public void Plan_SandboxLostUnderAPodThatMayNotRestart_EndsIt()
    {
        var init = Exited(new ContainerView(new Container { Name = "one" }, ContainerKind.Init), 0) with { LostSandbox = true };
        var view = View([init, Exited(App("web"), 137) with { LostSandbox = true }], "Never");
        Assert.Equal([new CleanUp()], PodPlanner.Plan(view with { Sandbox = view.Sandbox! with { Ready = false } }).Actions);
    }

    [Fact]
    public void Plan_SandboxLostUnderRunningContainers_StopsThemFirst()
    {
        var view = View([Running(App("web")) with { LostSandbox = true }]);
        var plan = PodPlanner.Plan(view with { Sandbox = null });
        Assert.Equal("web", Assert.IsType<StopContainer>(Assert.Single(plan.Actions)).Name);
    }

    [Theory]
    [InlineData("Always", 1, true)]
    [InlineData("OnFailure", 1, true)]
    [InlineData("Never", 1, false)]
    public void Plan_InitContainerFailed_RunsAgainUnlessNever(string policy, int exitCode, bool again)
    {
        var init = Exited(new ContainerView(new Container { Name = "one" }, ContainerKind.Init), exitCode);
        Assert.Equal([again ? new StartContainer("one") : new CleanUp()], PodPlanner.Plan(View([init, App("web")], policy)).Actions);
    }

    [Theory]
    [InlineData("Always", 0, true)]
    [InlineData("OnFailure", 0, false)]
    [InlineData("OnFailure", 1, true)]
    [InlineData("Never", 1, false)]
    public void Plan_ContainerEnded_RunsAgainAsThePolicySays(string policy, int exitCode, bool again)
    {
        var plan = PodPlanner.Plan(View([Exited(App("web"), exitCode)], policy));
        Assert.Equal(again, plan.Actions.Contains(new StartContainer("web")));
        Assert.Equal(!again, plan.Actions.Contains(new CleanUp()));
    }

    [Theory]
    [InlineData("In", 42, true)]
    [InlineData("In", 41, false)]
    [InlineData("NotIn", 42, false)]
    [InlineData("NotIn", 41, true)]
    public void Plan_ContainerWithRules_RunsAgainForTheCodesTheyName(string comparison, int exitCode, bool again)
    {
        var rule = new ContainerRestartRule
        {
            Action = "Restart", ExitCodes = new ContainerRestartRuleOnExitCodes { Operator = comparison, Values = [42] },
        };
        var web = new ContainerView(new Container { Name = "web", RestartPolicy = "Never", RestartPolicyRules = [rule] }, ContainerKind.Main);
        Assert.Equal(again, PodPlanner.Plan(View([Exited(web, exitCode)])).Actions.Contains(new StartContainer("web")));
    }

    [Fact]
    public void Plan_EphemeralContainer_StartsOnceAndBeforeTheOthersAreReady()
    {
        var init = new ContainerView(new Container { Name = "one" }, ContainerKind.Init);
        var debug = new ContainerView(new Container { Name = "debug" }, ContainerKind.Ephemeral);
        Assert.Equal([new StartContainer("debug"), new StartContainer("one")], PodPlanner.Plan(View([init, App("web"), debug])).Actions);
        Assert.Equal([new StartContainer("one")], PodPlanner.Plan(View([init, App("web"), Exited(debug, 1)])).Actions);
    }

    [Fact]
    public void Plan_BackOff_WaitsForItsEnd()
    {
        var plan = PodPlanner.Plan(View([Exited(App("web"), 1) with { NotBefore = Now.AddSeconds(10) }]));
        Assert.Empty(plan.Actions);
        Assert.Equal(Now.AddSeconds(10), plan.WakeAt);
    }

    [Fact]
    public void Plan_Terminating_StopsContainersAndCleansUpWhenTheyAreGone()
    {
        var killAt = Now.AddSeconds(30);
        var running = View([Running(App("web"))]) with { Terminating = true, KillAt = killAt };
        Assert.Equal([new StopContainer("web", "Stopping container web", killAt)], PodPlanner.Plan(running).Actions);
        var stopping = running with { Containers = [Running(App("web")) with { StoppingUntil = killAt }] };
        Assert.Empty(PodPlanner.Plan(stopping).Actions);
        Assert.Equal([new CleanUp()], PodPlanner.Plan(running with { Containers = [Exited(App("web"), 0)] }).Actions);
    }

    [Fact]
    public void Plan_TerminatingWithSidecars_StopsThemAfterTheMainContainersLastFirst()
    {
        var (one, two) = (Running(Sidecar("one")), Running(Sidecar("two")));
        var web = Running(App("web"));
        IEnumerable<string> Stopped(params ContainerView[] containers) =>
            PodPlanner.Plan(View(containers) with { Terminating = true, KillAt = Now.AddSeconds(30) }).Actions.OfType<StopContainer>().Select(stop => stop.Name);
        Assert.Equal(["web"], Stopped(one, two, web));
        Assert.Empty(Stopped(one, two, web with { StoppingUntil = Now.AddSeconds(30) }));
        Assert.Equal(["two"], Stopped(one, two, Exited(web, 0)));
        Assert.Equal(["one"], Stopped(one, Exited(two, 0), Exited(web, 0)));
    }

    [Fact]
    public void Plan_TerminatingAndOutOfTime_StopsSidecarsWithTheOthers()
    {
        var view = View([Running(Sidecar("one")), Running(App("web"))]) with { Terminating = true, KillAt = Now };
        Assert.Equal(["one", "web"], PodPlanner.Plan(view).Actions.OfType<StopContainer>().Select(stop => stop.Name));
        Assert.Equal(Now.AddSeconds(1), PodPlanner.Plan(view with { KillAt = Now.AddSeconds(1) }).WakeAt);
    }

    [Fact]
    public void Status_Evicted_FailsWithItsReasonOnceNothingRuns()
    {
        var builder = new PodStatusBuilder("coxswain", "10.0.0.1");
        var view = View([Running(App("web"))]) with { Eviction = new PodFailure("Evicted", "The node was low on resource: memory. ") };
        var before = PodStatus.Empty with { Phase = "Running" };
        Assert.Equal(("Running", ""), (builder.Build(view, before).Phase, builder.Build(view, before).Reason));
        var status = builder.Build(view with { Containers = [Exited(App("web"), 137)] }, before);
        Assert.Equal(("Failed", "Evicted"), (status.Phase, status.Reason));
        Assert.Contains(status.Conditions, condition => condition is { Type: "DisruptionTarget", Status: "True", Reason: "TerminationByKubelet" });
    }

    [Fact]
    public void Plan_GraceCutShort_StopsAgain()
    {
        var view = View([Running(App("web")) with { StoppingUntil = Now.AddSeconds(30) }]) with { Terminating = true, KillAt = Now };
        Assert.Single(PodPlanner.Plan(view).Actions);
    }

    [Fact]
    public void Plan_FailedProbe_StopsTheContainer()
    {
        var view = View([Running(App("web")) with { Kill = new ContainerKill("Container web failed liveness probe, will be restarted") }]);
        Assert.Equal("Container web failed liveness probe, will be restarted", Assert.IsType<StopContainer>(Assert.Single(PodPlanner.Plan(view).Actions)).Message);
    }

    [Fact]
    public void Status_RunningAndReady_HasKubernetesWords()
    {
        var view = View([Running(App("web")) with { StartupPassed = true, ReadinessPassed = true }]);
        var status = new PodStatusBuilder("coxswain", "10.0.0.1").Build(view, PodStatus.Empty);
        Assert.Equal("Running", status.Phase);
        Assert.Equal("10.244.0.7", status.PodIP);
        Assert.Equal("coxswain://id", Assert.Single(status.ContainerStatuses).ContainerID);
        Assert.All(status.Conditions, condition => Assert.Equal("True", condition.Status));
    }

    [Fact]
    public void Status_PostStartHookRuns_IsNotStartedYet()
    {
        var view = View([Running(App("web")) with { StartupPassed = true, ReadinessPassed = true, PostStarting = true }]);
        var container = Assert.Single(new PodStatusBuilder("coxswain", "10.0.0.1").Build(view, PodStatus.Empty).ContainerStatuses);
        Assert.Equal((false, false), (container.Ready, container.Started));
    }

    [Fact]
    public void Status_CrashLoop_ShowsReasonAndLastState()
    {
        var ended = new ContainerStateTerminated { ExitCode = 1, Reason = "Error" };
        var view = View([Exited(App("web"), 1) with { Terminated = ended, RestartCount = 3, Waiting = new ContainerStateWaiting { Reason = "CrashLoopBackOff" } }]);
        var status = new PodStatusBuilder("coxswain", "10.0.0.1").Build(view, PodStatus.Empty);
        var container = Assert.Single(status.ContainerStatuses);
        Assert.Equal("Running", status.Phase);
        Assert.Equal("CrashLoopBackOff", container.State.Waiting?.Reason);
        Assert.Equal(ended, container.LastState.Terminated);
        Assert.Equal("containers with unready status: [web]", status.Conditions.First(condition => condition.Type == "Ready").Message);
    }

    [Fact]
    public void Status_Unchanged_KeepsTransitionTimes()
    {
        var builder = new PodStatusBuilder("coxswain", "10.0.0.1");
        var view = View([Running(App("web")) with { StartupPassed = true, ReadinessPassed = true }]);
        var first = builder.Build(view, PodStatus.Empty);
        Assert.Equal(first, builder.Build(view with { Now = Now.AddMinutes(1) }, first));
    }

    [Fact]
    public void BackOff_Failures_DoubleFromTenSecondsToFiveMinutes()
    {
        var backOff = new BackOff();
        Assert.Null(backOff.NotBefore(Now));
        foreach (var seconds in (int[])[10, 20, 40, 80, 160, 300, 300])
        {
            backOff.Next(Now, Now);
            Assert.Equal(Now.AddSeconds(seconds), backOff.NotBefore(Now));
        }

        Assert.Null(backOff.NotBefore(Now.AddMinutes(11)));
    }

    private static PodView View(IReadOnlyList<ContainerView> containers, string policy = "Always")
    {
        var config = new SandboxConfig("uid", "default", "web", "web", "poduid");
        var pod = Pod.Empty with { Spec = PodSpec.Empty with { RestartPolicy = policy, Containers = [.. containers.Select(container => container.Spec)] } };
        return new PodView(pod, Now)
        {
            Containers = containers,
            Sandbox = new SandboxStatus(config, true, ["10.244.0.7"]),
            Volumes = new StepView(true, false, null),
        };
    }

    private static ContainerView App(string name) => new(new Container { Name = name, Image = "image" }, ContainerKind.Main);

    private static ContainerView Sidecar(string name) => new(new Container { Name = name, Image = "image" }, ContainerKind.Sidecar);

    private static ContainerView Running(ContainerView container) => container with { Current = Info(container, ContainerRunState.Running) };

    private static ContainerView Exited(ContainerView container, int code) =>
        container with { Current = Info(container, ContainerRunState.Exited) with { ExitCode = code } };

    private static ContainerInfo Info(ContainerView container, ContainerRunState state) =>
        new("id", "uid", container.Spec.Name, 0, "image", "sha256:1", state, Now) { Resources = ContainerAmounts.Of(container.Spec) };
}
