using Coxswain.Api;
using Coxswain.Api.Apps.V1;
using Coxswain.Api.Autoscaling.V2;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Client.Informers;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;
using Scale = Coxswain.Api.Autoscaling.V1.Scale;
using ScaleSpec = Coxswain.Api.Autoscaling.V1.ScaleSpec;

namespace Coxswain.Controllers.Autoscaling;

/// <summary>What an autoscaler scales: the built-in kinds that have replicas.</summary>
internal sealed class ScaleTargets(IKubeClient client, InformerFactory informers)
{
    private readonly Informer<Deployment> _deployments = informers.Of<Deployment>();
    private readonly Informer<ReplicaSet> _sets = informers.Of<ReplicaSet>();
    private readonly Informer<StatefulSet> _stateful = informers.Of<StatefulSet>();
    private readonly Informer<ReplicationController> _controllers = informers.Of<ReplicationController>();

    public IReadOnlyList<IInformer> Inputs => [_deployments, _sets, _stateful, _controllers];

    /// <summary>Null when there is none, or when its kind has no replicas that are known here.</summary>
    public ScaleTarget? Find(string @namespace, CrossVersionObjectReference reference)
    {
        var group = new ObjectKind(reference.ApiVersion, reference.Kind).Group;
        var name = reference.Name;
        return (group, reference.Kind) switch
        {
            ("apps", "Deployment") => _deployments.Get(@namespace, name) is { } target
                ? new(_deployments.Resource, target.Spec.Replicas ?? 1, target.Status.Replicas, LabelSelector.From(target.Spec.Selector)) : null,
            ("apps", "ReplicaSet") => _sets.Get(@namespace, name) is { } target
                ? new(_sets.Resource, target.Spec.Replicas ?? 1, target.Status.Replicas, LabelSelector.From(target.Spec.Selector)) : null,
            ("apps", "StatefulSet") => _stateful.Get(@namespace, name) is { } target
                ? new(_stateful.Resource, target.Spec.Replicas ?? 1, target.Status.Replicas, LabelSelector.From(target.Spec.Selector)) : null,
            ("", "ReplicationController") => _controllers.Get(@namespace, name) is { } target
                ? new(_controllers.Resource, target.Spec.Replicas ?? 1, target.Status.Replicas, LabelSelector.From(target.Spec.Selector)) : null,
            _ => null,
        };
    }

    public Task ScaleAsync(ScaleTarget target, string @namespace, string name, int replicas, CancellationToken cancellationToken) => client.UpdateAsync(
        target.Resource,
        new Scale { Metadata = ObjectMeta.Empty with { Name = name, Namespace = @namespace }, Spec = new ScaleSpec { Replicas = replicas } },
        "scale",
        cancellationToken);
}

/// <param name="Replicas">Those asked for.</param>
/// <param name="Current">Those there are.</param>
internal sealed record ScaleTarget(ApiResource Resource, int Replicas, int Current, LabelSelector Selector);
