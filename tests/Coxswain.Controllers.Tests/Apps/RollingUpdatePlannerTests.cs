using Coxswain.Api.Apps.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Controllers.Apps;

namespace Coxswain.Controllers.Tests.Apps;

public sealed class RollingUpdatePlannerTests
{
    [Theory]
    [InlineData(10, "25%", "25%", 3, 2)]
    [InlineData(4, "25%", "25%", 1, 1)]
    [InlineData(1, "25%", "25%", 1, 0)]
    [InlineData(5, "0", "0", 0, 1)]
    [InlineData(3, "100%", "0", 3, 0)]
    public void State_Bounds_AreRoundedAsKubernetesDoes(int replicas, string surge, string unavailable, int maxSurge, int maxUnavailable)
    {
        var state = State(replicas, surge, unavailable, []);
        Assert.Equal((maxSurge, maxUnavailable), (state.MaxSurge, state.MaxUnavailable));
    }

    // Old and new as spec/available; then what the next step makes of them.
    [Theory]
    [InlineData(10, 10, 10, 0, 0, "new=3")]
    [InlineData(10, 10, 10, 3, 0, "old=8")]
    [InlineData(10, 8, 8, 3, 0, "new=5")]
    [InlineData(10, 8, 8, 5, 2, "old=6")]
    [InlineData(10, 10, 8, 3, 0, "old=8")]
    [InlineData(10, 8, 8, 5, 0, "")]
    [InlineData(10, 0, 0, 10, 10, "")]
    [InlineData(4, 0, 0, 10, 10, "new=4")]
    public void Plan_Step_MovesTowardsTheNewTemplate(int replicas, int oldSpec, int oldAvailable, int newSpec, int newAvailable, string expected)
    {
        var state = State(replicas, "25%", "25%", [Set("old", "web:1", oldSpec, oldAvailable), Set("new", "web:2", newSpec, newAvailable)]);
        Assert.Equal(expected, string.Join(',', RollingUpdatePlanner.Plan(state).Select(step => $"{step.Set.Metadata.Name}={step.Replicas}")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Plan_AnyOrderOfEvents_StaysWithinBoundsAndArrives(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var replicas = random.Next(1, 30);
            var surge = $"{random.Next(0, 101)}%";
            var unavailable = $"{random.Next(0, 101)}%";
            var sets = new List<ReplicaSet> { Set("a", "web:0", replicas - (replicas / 3), replicas - (replicas / 3)), Set("b", "web:1", replicas / 3, replicas / 3), Set("new", "web:2", 0, 0) };
            for (var step = 0; step < 1000; step++)
            {
                var state = State(replicas, surge, unavailable, sets);
                var steps = RollingUpdatePlanner.Plan(state);
                sets = [.. sets.Select(set => steps.FirstOrDefault(item => item.Set.Metadata.Name == set.Metadata.Name) is { } scaled
                    ? set with { Spec = set.Spec with { Replicas = scaled.Replicas } } : set)];

                Assert.True(sets.Sum(RolloutState.SpecOf) <= state.MaxReplicas, $"seed {seed}, round {round}: more than {state.MaxReplicas}");
                Assert.True(sets.Sum(RolloutState.AvailableOf) >= state.MinAvailable, $"seed {seed}, round {round}: fewer than {state.MinAvailable} available");

                // Some of the pods asked for come up; those no longer asked for go, though not always at once.
                sets = [.. sets.Select(set => set with { Status = set.Status with { AvailableReplicas = Settle(set, random) } })];
            }

            Assert.Equal([0, 0, replicas], sets.Select(RolloutState.SpecOf));
        }
    }

    [Fact]
    public void Scale_InTheMiddleOfARollout_IsProportional()
    {
        var sets = new[] { Set("old", "web:1", 8, 8, desired: 10, most: 13), Set("new", "web:2", 5, 0, desired: 10, most: 13) };
        var state = State(30, "25%", "25%", sets);
        Assert.True(ScalePlanner.IsScalingEvent(state));
        Assert.Equal(["old=23", "new=15"], ScalePlanner.Plan(state).Select(step => $"{step.Set.Metadata.Name}={step.Replicas}"));
    }

    private static int Settle(ReplicaSet set, Random random)
    {
        var (spec, available) = (RolloutState.SpecOf(set), set.Status.AvailableReplicas);
        return available > spec ? random.Next(spec, available + 1) : available + random.Next(0, spec - available + 1);
    }

    private static RolloutState State(int replicas, string surge, string unavailable, IReadOnlyList<ReplicaSet> sets)
    {
        var deployment = Deployments.Web(replicas, "web:2");
        var strategy = new DeploymentStrategy { Type = "RollingUpdate", RollingUpdate = new RollingUpdateDeployment { MaxSurge = Bound(surge), MaxUnavailable = Bound(unavailable) } };
        return new RolloutState(deployment with { Spec = deployment.Spec with { Strategy = strategy } }, sets);
    }

    private static IntOrString Bound(string text) => int.TryParse(text, out var number) ? number : text;

    private static ReplicaSet Set(string name, string image, int spec, int available, int desired = 0, int most = 0) => new()
    {
        Metadata = ObjectMeta.Empty with
        {
            Name = name,
            Annotations = most == 0 ? ObjectMeta.Empty.Annotations : DeploymentAnnotations.WithReplicas(ObjectMeta.Empty.Annotations, desired, most),
        },
        Spec = new ReplicaSetSpec { Replicas = spec, Template = Deployments.Template(image) },
        Status = new ReplicaSetStatus { Replicas = spec, AvailableReplicas = available },
    };
}
