using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Tests.Nodes;

/// <summary>Nodes and what is on them, for tests.</summary>
internal static class Nodes
{
    public static V1Node Ready(string name, params Taint[] taints) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name },
        Spec = NodeSpec.Empty with { Taints = taints },
        Status = NodeStatus.Empty with { Conditions = [new NodeCondition { Type = "Ready", Status = "True" }] },
    };

    public static V1Node WithReady(V1Node node, string status, DateTimeOffset now) =>
        node with { Status = node.Status with { Conditions = [new NodeCondition { Type = "Ready", Status = status, LastHeartbeatTime = now, LastTransitionTime = now }] } };

    public static Lease Lease(string name, DateTimeOffset renewed) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name, Namespace = "kube-node-lease" },
        Spec = LeaseSpec.Empty with { HolderIdentity = name, RenewTime = renewed },
    };

    public static Pod ReadyPod(string name, string nodeName, params Toleration[] tolerations) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default" },
        Spec = PodSpec.Empty with
        {
            NodeName = nodeName,
            Tolerations = tolerations,
            Containers = [new Container { Name = "web", Image = "web:1" }],
        },
        Status = PodStatus.Empty with { Phase = PodPhase.Running, Conditions = [new PodCondition { Type = "Ready", Status = "True" }] },
    };
}
