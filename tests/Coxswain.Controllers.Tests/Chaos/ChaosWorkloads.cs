using Coxswain.Api.Apps.V1;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Client;
using LabelSelector = Coxswain.Api.Meta.V1.LabelSelector;

namespace Coxswain.Controllers.Tests.Chaos;

/// <summary>One workload of each kind, in the namespace <c>default</c>.</summary>
internal static class ChaosWorkloads
{
    public const string Namespace = "default";

    /// <summary>Changed and taken away by the harm that is done; a pod without it belongs to nobody.</summary>
    public const string AppLabel = "app";

    public static IReadOnlyList<string> Deployments { get; } = ["web", "api"];

    public static async Task CreateAsync(IKubeClient client, CancellationToken cancellationToken)
    {
        foreach (var name in Deployments)
        {
            await client.CreateAsync(Deployment(name, 3, "good:1"), cancellationToken);
        }

        await client.CreateAsync(
            new StatefulSet
            {
                Metadata = Meta("db"),
                Spec = new StatefulSetSpec
                {
                    ServiceName = "db",
                    Replicas = 3,
                    Selector = Selector("db"),
                    Template = Template("db", "good:1"),
                    VolumeClaimTemplates =
                    [
                        new PersistentVolumeClaim
                        {
                            Metadata = ObjectMeta.Empty with { Name = "data" },
                            Spec = new PersistentVolumeClaimSpec
                            {
                                AccessModes = ["ReadWriteOnce"],
                                StorageClassName = "standard",
                                Resources = new VolumeResourceRequirements { Requests = new Dictionary<string, Quantity> { ["storage"] = Quantity.Parse("1Gi") } },
                            },
                        },
                    ],
                },
            },
            cancellationToken);
        await client.CreateAsync(
            new DaemonSet { Metadata = Meta("agent"), Spec = new DaemonSetSpec { Selector = Selector("agent"), Template = Template("agent", "good:1") } }, cancellationToken);
        await client.CreateAsync(
            new Service { Metadata = Meta("web"), Spec = new ServiceSpec { Selector = Labels("web"), Ports = [new ServicePort { Port = 80 }] } }, cancellationToken);
        await client.CreateAsync(
            new CronJob
            {
                Metadata = Meta("tick"),
                Spec = new CronJobSpec { Schedule = "*/5 * * * *", ConcurrencyPolicy = "Forbid", JobTemplate = new JobTemplateSpec { Spec = WorkOf(1) } },
            },
            cancellationToken);
    }

    public static Deployment Deployment(string name, int replicas, string image) => new()
    {
        Metadata = Meta(name),
        Spec = new DeploymentSpec { Replicas = replicas, Selector = Selector(name), Template = Template(name, image) },
    };

    public static Job Job(string name, int completions) => new() { Metadata = Meta(name), Spec = WorkOf(completions) };

    private static JobSpec WorkOf(int completions) => new()
    {
        Completions = completions,
        Parallelism = 2,
        BackoffLimit = 1000,
        Template = new PodTemplateSpec { Spec = new PodSpec { RestartPolicy = "Never", Containers = [new Container { Name = "main", Image = "good:1" }] } },
    };

    private static PodTemplateSpec Template(string app, string image) => new()
    {
        Metadata = ObjectMeta.Empty with { Labels = Labels(app) },
        Spec = new PodSpec { Containers = [new Container { Name = "main", Image = image }] },
    };

    private static Dictionary<string, string> Labels(string app) => new() { [AppLabel] = app };

    private static LabelSelector Selector(string app) => new() { MatchLabels = Labels(app) };

    private static ObjectMeta Meta(string name) => ObjectMeta.Empty with { Name = name, Namespace = Namespace };
}
