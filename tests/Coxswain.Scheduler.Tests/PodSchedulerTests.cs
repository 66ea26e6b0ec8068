using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Scheduler.Cycle;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Scheduler.Tests;

public sealed class PodSchedulerTests
{
    [Fact]
    public void Schedule_NoNodes_SaysSo() => Assert.Equal("no nodes available to schedule pods", Refusal(Pod(), ClusterSnapshot.Empty));

    [Fact]
    public void Schedule_NodesRefuseForDifferentReasons_CountsThemInOrder()
    {
        var snapshot = ClusterSnapshot.Empty
            .SetNode(Node("a", cpu: "1"))
            .SetNode(Node("b", cpu: "1", memory: "1Gi"))
            .SetNode(Node("c") with { Spec = new NodeSpec { Unschedulable = true } })
            .SetNode(Node("d") with { Spec = new NodeSpec { Taints = [new Taint { Key = "dedicated", Value = "x", Effect = "NoSchedule" }] } });
        Assert.Equal(
            "0/4 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {dedicated: x}, 1 node(s) were unschedulable, 2 Insufficient cpu.",
            Refusal(Pod(cpu: "2", memory: "2Gi"), snapshot));
    }

    [Fact]
    public void Schedule_NodeSelector_TakesOnlyTheLabelledNode()
    {
        var snapshot = ClusterSnapshot.Empty.SetNode(Node("a")).SetNode(Node("b", labels: ("disk", "ssd")));
        var pod = Pod();
        pod = pod with { Spec = pod.Spec with { NodeSelector = new Dictionary<string, string> { ["disk"] = "ssd" } } };
        Assert.Equal("b", Placed(pod, snapshot));
        Assert.Equal("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", Refusal(pod, snapshot.RemoveNode("b")));
    }

    [Theory]
    [InlineData("2", 0, "3", true)]
    [InlineData("2", 0, "1", false)]
    [InlineData("2", 0, "4", true, 1)]
    [InlineData("2", 0, "4", false, 3)]
    [InlineData("2", 1, "4", true, 3)]
    public void Hint_NodeAndThePodsOnIt_HelpsOnlyWhoFitsThere(string cpu, int priority, string nodeCpu, bool helps, int used = 0)
    {
        var snapshot = ClusterSnapshot.Empty.SetNode(Node("a", cpu: nodeCpu));
        snapshot = used == 0 ? snapshot : snapshot.SetPod(Pod(name: "other", cpu: $"{used}"), "a");
        var pod = Pod(cpu: cpu);
        pod = pod with { Spec = pod.Spec with { Priority = priority } };
        Assert.Equal(helps, SchedulingHints.MayHelp(pod, snapshot, "a"));
        Assert.False(SchedulingHints.MayHelp(pod, snapshot, "gone"));
    }

    [Theory]
    [InlineData("shop/web", 900, "b")]
    [InlineData("shop/web:latest", 900, "b")]
    [InlineData("shop/web", 20, "a")]
    public void Schedule_NodeHasTheImage_IsPreferredWhereThatSavesMuch(string image, int megabytes, string expected)
    {
        var has = Node("b");
        has = has with { Status = has.Status with { Images = [new ContainerImage { Names = ["shop/web:latest"], SizeBytes = (long)megabytes << 20 }] } };
        // Fuller by a little: what decides when the image does not.
        var snapshot = ClusterSnapshot.Empty.SetNode(Node("a")).SetNode(has).SetPod(Pod(name: "other", cpu: "100m"), "b");
        var pod = Pod();
        pod = pod with { Spec = pod.Spec with { Containers = [pod.Spec.Containers[0] with { Image = image }] } };
        Assert.Equal(expected, Placed(pod, snapshot));
    }

    [Fact]
    public void Schedule_HostPortTaken_IsRefused()
    {
        var pod = Pod(hostPort: 80);
        var snapshot = ClusterSnapshot.Empty.SetNode(Node("a")).SetPod(Pod(hostPort: 80, name: "other"), "a");
        Assert.Equal("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.", Refusal(pod, snapshot));
    }

    [Theory]
    [InlineData("shop", false)]
    [InlineData("other", true)]
    [InlineData("unknown", true)]
    public void Schedule_AntiAffinityToNamespacesBySelector_KeepsApartFromThoseAlone(string @namespace, bool fits)
    {
        var neighbour = Pod(name: "neighbour");
        neighbour = neighbour with
        {
            Metadata = neighbour.Metadata with { Namespace = @namespace, Labels = new Dictionary<string, string> { ["app"] = "db" } },
        };
        var snapshot = ClusterSnapshot.Empty
            .SetNamespace("shop", new Dictionary<string, string> { ["team"] = "blue" })
            .SetNamespace("other", new Dictionary<string, string> { ["team"] = "red" })
            .SetNode(Node("a", labels: ("zone", "1")))
            .SetPod(neighbour, "a");
        var term = new PodAffinityTerm
        {
            TopologyKey = "zone",
            LabelSelector = new Api.Meta.V1.LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "db" } },
            NamespaceSelector = new Api.Meta.V1.LabelSelector { MatchLabels = new Dictionary<string, string> { ["team"] = "blue" } },
        };
        var pod = Pod();
        pod = pod with
        {
            Spec = pod.Spec with
            {
                Affinity = new Affinity { PodAntiAffinity = new PodAntiAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [term] } },
            },
        };
        Assert.Equal(fits, new PodScheduler(new Random(1)).Schedule(pod, snapshot) is Placement.Placed);
    }

    [Fact]
    public void Schedule_PodsOfOneController_SpreadOverNodes()
    {
        var snapshot = ClusterSnapshot.Empty.SetNode(Node("a")).SetNode(Node("b")).SetNode(Node("c"));
        var scheduler = new PodScheduler(new Random(1));
        var nodes = new List<string>();
        for (var i = 0; i < 9; i++)
        {
            var pod = Pod(name: $"pod-{i}", owner: "set");
            var node = Assert.IsType<Placement.Placed>(scheduler.Schedule(pod, snapshot)).NodeName;
            snapshot = snapshot.SetPod(pod, node);
            nodes.Add(node);
        }

        Assert.All(nodes.GroupBy(node => node), group => Assert.Equal(3, group.Count()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Schedule_AnyPods_NeverOvercommitsAndKeepsEveryPredicate(int seed)
    {
        var random = new Random(seed);
        var snapshot = ClusterSnapshot.Empty;
        for (var i = 0; i < 12; i++)
        {
            var node = Node($"node-{i:d2}", cpu: $"{random.Next(1, 5)}", memory: $"{random.Next(1, 5)}Gi", labels: ("disk", random.Next(2) == 0 ? "ssd" : "hdd"));
            snapshot = snapshot.SetNode(random.Next(4) == 0 ? node with { Spec = new NodeSpec { Taints = [new Taint { Key = "gpu", Effect = "NoSchedule" }] } } : node);
        }

        var scheduler = new PodScheduler(new Random(seed));
        for (var i = 0; i < 200; i++)
        {
            var pod = Pod(name: $"pod-{i}", cpu: $"{random.Next(0, 1500)}m", memory: $"{random.Next(0, 1024)}Mi", hostPort: random.Next(10) == 0 ? 80 : 0);
            var selector = random.Next(3) == 0 ? new Dictionary<string, string> { ["disk"] = "ssd" } : [];
            Toleration[] tolerations = random.Next(3) == 0 ? [new Toleration { Key = "gpu", Operator = "Exists" }] : [];
            pod = pod with { Spec = pod.Spec with { NodeSelector = selector, Tolerations = tolerations } };
            if (scheduler.Schedule(pod, snapshot) is Placement.Placed placed)
            {
                var node = snapshot.Nodes[placed.NodeName].Node;
                Assert.All(selector, label => Assert.Equal(label.Value, node.Metadata.Labels[label.Key]));
                Assert.All(node.Spec.Taints, taint => Assert.True(Tolerations.Tolerate(tolerations, taint)));
                snapshot = snapshot.SetPod(pod, placed.NodeName);
            }
        }

        Assert.All(snapshot.Nodes.Values, node =>
        {
            Assert.True(node.Requested.CpuMilli <= node.Allocatable.CpuMilli);
            Assert.True(node.Requested.MemoryBytes <= node.Allocatable.MemoryBytes);
            Assert.True(node.Pods.Values.Count(pod => pod.HostPorts.Count > 0) <= 1);
            Assert.Equal(node.Pods.Values.Sum(pod => pod.Requests.CpuMilli), node.Requested.CpuMilli);
        });
    }

    private static string Placed(Pod pod, ClusterSnapshot snapshot) => Assert.IsType<Placement.Placed>(new PodScheduler(new Random(1)).Schedule(pod, snapshot)).NodeName;

    private static string Refusal(Pod pod, ClusterSnapshot snapshot) => Assert.IsType<Placement.Unschedulable>(new PodScheduler(new Random(1)).Schedule(pod, snapshot)).Message;

    private static V1Node Node(string name, string cpu = "4", string memory = "8Gi", params (string Key, string Value)[] labels) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name, Labels = labels.Append(("kubernetes.io/hostname", name)).ToDictionary(label => label.Item1, label => label.Item2) },
        Status = new NodeStatus
        {
            Allocatable = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse(cpu), ["memory"] = Quantity.Parse(memory), ["pods"] = Quantity.Parse("110") },
        },
    };

    private static Pod Pod(string cpu = "0", string memory = "0", int hostPort = 0, string name = "pod", string owner = "") => new()
    {
        Metadata = ObjectMeta.Empty with
        {
            Name = name, Namespace = "default", Uid = name,
            OwnerReferences = owner.Length == 0 ? [] : [new OwnerReference { Uid = owner, Controller = true }],
        },
        Spec = new PodSpec
        {
            Containers =
            [
                new Container
                {
                    Name = "main",
                    Resources = new ResourceRequirements { Requests = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse(cpu), ["memory"] = Quantity.Parse(memory) } },
                    Ports = hostPort == 0 ? [] : [new ContainerPort { HostPort = hostPort, ContainerPortValue = hostPort }],
                },
            ],
        },
    };
}
