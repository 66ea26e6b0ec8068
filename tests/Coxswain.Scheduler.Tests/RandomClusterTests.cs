using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Scheduler.Cycle;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Scheduler.Tests;

/// <summary>Random clusters and pods: the scheduler and a naive reading of the rules agree on every node, at every step.</summary>
public sealed class RandomClusterTests
{
    private static readonly string[] Zones = ["a", "b", "c"];
    private static readonly string[] Apps = ["web", "db", "cache"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Schedule_AnyPod_IsPlacedJustWhereTheRulesAllow(int seed)
    {
        var random = new Random(seed);
        var snapshot = Enumerable.Range(0, random.Next(3, 9)).Aggregate(ClusterSnapshot.Empty, (known, i) => known.SetNode(Node(i, random)));
        var scheduler = new PodScheduler(new Random(seed));
        for (var i = 0; i < 120; i++)
        {
            var pod = Pod(i, random);
            var allowed = snapshot.Nodes.Keys.Where(name => NaiveChecker.Fits(pod, name, snapshot)).ToList();
            if (scheduler.Schedule(pod, snapshot) is Placement.Placed placed)
            {
                Assert.True(allowed.Contains(placed.NodeName), $"seed {seed}, pod {i}: {placed.NodeName} is none of {string.Join(", ", allowed)}");
                snapshot = snapshot.SetPod(pod, placed.NodeName);
            }
            else
            {
                Assert.True(allowed.Count == 0, $"seed {seed}, pod {i} could be placed on {string.Join(", ", allowed)}");
            }
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void Preempt_AnyPod_VictimsAreEnoughAndNoneTooMany(int seed)
    {
        var random = new Random(seed);
        var snapshot = Enumerable.Range(0, 5).Aggregate(ClusterSnapshot.Empty, (known, i) => known.SetNode(Node(i, random)));
        var scheduler = new PodScheduler(new Random(seed));
        var preempted = 0;
        for (var i = 0; i < 150; i++)
        {
            var pod = Pod(i, random) with { };
            pod = pod with { Spec = pod.Spec with { Priority = random.Next(4) } };
            if (scheduler.Schedule(pod, snapshot) is Placement.Placed placed)
            {
                snapshot = snapshot.SetPod(pod, placed.NodeName);
            }
            else if (Preemptor.Find(pod, snapshot, VolumeNeeds.None, []) is PreemptionVerdict.Victims victims)
            {
                preempted++;
                Assert.All(victims.Pods, victim => Assert.True(victim.Spec.Priority < pod.Spec.Priority));
                var without = victims.Pods.Aggregate(snapshot, (known, victim) => known.RemovePod(victim.Metadata.Uid, victims.NodeName));
                Assert.True(NaiveChecker.Fits(pod, victims.NodeName, without), $"seed {seed}, pod {i}: the victims are not enough");
                Assert.All(victims.Pods, victim => Assert.False(
                    NaiveChecker.Fits(pod, victims.NodeName, without.SetPod(victim, victims.NodeName)), $"seed {seed}, pod {i}: {victim.Metadata.Name} could stay"));
                snapshot = without.SetPod(pod, victims.NodeName);
            }
        }

        Assert.True(preempted > 0);
    }

    private static V1Node Node(int i, Random random) => new()
    {
        Metadata = ObjectMeta.Empty with
        {
            Name = $"node-{i}",
            Labels = new Dictionary<string, string>
            {
                ["kubernetes.io/hostname"] = $"node-{i}", ["zone"] = Zones[random.Next(Zones.Length)], ["disk"] = random.Next(2) == 0 ? "ssd" : "hdd",
            },
        },
        Spec = new NodeSpec
        {
            Unschedulable = random.Next(8) == 0,
            Taints = random.Next(4) == 0 ? [new Taint { Key = "gpu", Effect = random.Next(2) == 0 ? "NoSchedule" : "PreferNoSchedule" }] : [],
        },
        Status = new NodeStatus
        {
            Allocatable = new Dictionary<string, Quantity>
            {
                ["cpu"] = Quantity.Parse($"{random.Next(2, 6)}"), ["memory"] = Quantity.Parse($"{random.Next(2, 6)}Gi"), ["pods"] = Quantity.Parse("110"),
            },
        },
    };

    private static Pod Pod(int i, Random random)
    {
        var app = Apps[random.Next(Apps.Length)];
        PodAffinityTerm Term() => new()
        {
            TopologyKey = random.Next(2) == 0 ? "zone" : "kubernetes.io/hostname",
            LabelSelector = new LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = Apps[random.Next(Apps.Length)] } },
        };
        return new Pod
        {
            Metadata = ObjectMeta.Empty with
            {
                Name = $"pod-{i}", Namespace = "default", Uid = $"pod-{i}", Labels = new Dictionary<string, string> { ["app"] = app },
            },
            Spec = new PodSpec
            {
                NodeSelector = random.Next(5) == 0 ? new Dictionary<string, string> { ["disk"] = "ssd" } : new Dictionary<string, string>(),
                Tolerations = random.Next(3) == 0 ? [new Toleration { Key = "gpu", Operator = "Exists" }] : [],
                Affinity = random.Next(3) != 0 ? null : new Affinity
                {
                    PodAffinity = random.Next(2) == 0 ? null : new PodAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [Term()] },
                    PodAntiAffinity = random.Next(2) == 0 ? null : new PodAntiAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [Term()] },
                },
                TopologySpreadConstraints = random.Next(4) != 0 ? [] :
                [
                    new TopologySpreadConstraint
                    {
                        TopologyKey = "zone", MaxSkew = random.Next(1, 3), WhenUnsatisfiable = "DoNotSchedule",
                        LabelSelector = new LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = app } },
                    },
                ],
                Containers =
                [
                    new Container
                    {
                        Name = "main",
                        Ports = random.Next(6) == 0 ? [new ContainerPort { HostPort = 80, ContainerPortValue = 80 }] : [],
                        Resources = new ResourceRequirements
                        {
                            Requests = new Dictionary<string, Quantity>
                            {
                                ["cpu"] = Quantity.Parse($"{random.Next(0, 900)}m"), ["memory"] = Quantity.Parse($"{random.Next(0, 700)}Mi"),
                            },
                        },
                    },
                ],
            },
        };
    }
}
