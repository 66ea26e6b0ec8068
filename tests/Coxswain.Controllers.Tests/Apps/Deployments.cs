using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Controllers.Tests.Apps;

/// <summary>Deployments and ReplicaSets for tests.</summary>
internal static class Deployments
{
    public static Deployment Web(int replicas, string image = "web:1") => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "web", Namespace = "default" },
        Spec = new DeploymentSpec
        {
            Replicas = replicas,
            Selector = new LabelSelector { MatchLabels = Labels },
            Template = Template(image),
            Strategy = new DeploymentStrategy
            {
                Type = DeploymentStrategyType.RollingUpdate,
                RollingUpdate = new RollingUpdateDeployment { MaxSurge = "25%", MaxUnavailable = "25%" },
            },
            RevisionHistoryLimit = 10,
            ProgressDeadlineSeconds = 600,
        },
    };

    public static IReadOnlyDictionary<string, string> Labels { get; } = new Dictionary<string, string> { ["app"] = "web" };

    public static PodTemplateSpec Template(string image) => new()
    {
        Metadata = ObjectMeta.Empty with { Labels = Labels },
        Spec = new PodSpec { Containers = [new Container { Name = "web", Image = image }] },
    };

    public static Deployment WithImage(this Deployment deployment, string image) =>
        deployment with { Spec = deployment.Spec with { Template = Template(image) } };

    public static Deployment WithReplicas(this Deployment deployment, int replicas) =>
        deployment with { Spec = deployment.Spec with { Replicas = replicas } };

    public static string ImageOf(ReplicaSet set) => set.Spec.Template.Spec.Containers[0].Image;

    public static bool IsDone(Deployment deployment) =>
        deployment.Status.ObservedGeneration == deployment.Metadata.Generation
        && deployment.Status.UpdatedReplicas == deployment.Spec.Replicas
        && deployment.Status.Replicas == deployment.Spec.Replicas
        && deployment.Status.AvailableReplicas == deployment.Spec.Replicas;
}
