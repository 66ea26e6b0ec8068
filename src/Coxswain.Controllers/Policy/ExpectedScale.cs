using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Client.Informers;

namespace Coxswain.Controllers.Policy;

/// <summary>How many pods the controllers of some pods want altogether. A ReplicaSet speaks for its Deployment.</summary>
internal sealed class ExpectedScale(InformerFactory informers)
{
    private readonly Informer<Deployment> _deployments = informers.Of<Deployment>();
    private readonly Informer<ReplicaSet> _sets = informers.Of<ReplicaSet>();
    private readonly Informer<ReplicationController> _controllers = informers.Of<ReplicationController>();
    private readonly Informer<StatefulSet> _stateful = informers.Of<StatefulSet>();

    public IReadOnlyList<IInformer> Inputs => [_deployments, _sets, _controllers, _stateful];

    /// <returns>The sum; pods without a controller count for nothing.</returns>
    /// <exception cref="InvalidOperationException">A pod belongs to something whose scale is not known.</exception>
    public int Of(IEnumerable<Pod> pods)
    {
        var scales = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (OwnerReferences.ControllerOf(pod) is { } owner && !scales.ContainsKey(owner.Uid))
            {
                var (uid, replicas) = Find(pod.Metadata.Namespace, owner.Kind, owner.Name, owner.Uid)
                    ?? throw new InvalidOperationException($"{owner.Kind} {owner.Name}, which owns pod {pod.Metadata.Name}, has no known scale");
                scales[owner.Uid] = 0;
                scales[uid] = replicas;
            }
        }

        return scales.Values.Sum();
    }

    private (string Uid, int Replicas)? Find(string @namespace, string kind, string name, string uid) => kind switch
    {
        "ReplicaSet" when _sets.Get(@namespace, name) is { } set && set.Metadata.Uid == uid => OfDeployment(set) ?? (uid, set.Spec.Replicas ?? 1),
        "ReplicationController" when _controllers.Get(@namespace, name) is { } controller && controller.Metadata.Uid == uid =>
            (uid, controller.Spec.Replicas ?? 1),
        "StatefulSet" when _stateful.Get(@namespace, name) is { } set && set.Metadata.Uid == uid => (uid, set.Spec.Replicas ?? 1),
        _ => null,
    };

    private (string Uid, int Replicas)? OfDeployment(ReplicaSet set) =>
        OwnerReferences.ControllerOf(set) is { Kind: "Deployment" } owner
        && _deployments.Get(set.Metadata.Namespace, owner.Name) is { } deployment && deployment.Metadata.Uid == owner.Uid
            ? (owner.Uid, deployment.Spec.Replicas ?? 1)
            : null;
}
