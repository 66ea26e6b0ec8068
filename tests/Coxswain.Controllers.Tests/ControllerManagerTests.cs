using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Controllers.Management;
using Coxswain.Controllers.Tests.Apps;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Controllers.Tests;

public sealed class ControllerManagerTests
{
    [Fact]
    public async Task Part_Fails_IsStartedAgainLaterEachTimeAndStatusSaysSo()
    {
        var loop = new SimulationLoop(new VirtualTime());
        using var stop = new CancellationTokenSource();
        var starts = new List<double>();
        var start = loop.Time.GetTimestamp();
        var part = new SupervisedPart(
            "ill",
            async cancellationToken =>
            {
                starts.Add(loop.Time.GetElapsedTime(start).TotalSeconds);
                await Task.Delay(TimeSpan.FromSeconds(starts.Count == 4 ? 1000 : 10), loop.Time, cancellationToken);
                throw new IOException("the disk is gone");
            },
            loop.Time, NullLogger.Instance);
        var running = loop.Start(() => part.RunAsync(stop.Token));

        Assert.True(part.Status.IsRunning);
        loop.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(new ControllerStatus("ill", false, 1, "the disk is gone"), part.Status);
        loop.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal([0, 11, 23, 37], starts);
        Assert.Equal((true, 3), (part.Status.IsRunning, part.Status.Failures));

        // It ran long enough to have recovered: the next failure is a first one again.
        loop.Advance(TimeSpan.FromSeconds(940));
        Assert.Equal([0, 11, 23, 37, 1038], starts);
        Assert.Equal(1, part.Status.Failures);
        await loop.RunToEnd(async () =>
        {
            await stop.CancelAsync();
            await running;
        });
    }

    [Fact]
    public async Task Part_CannotFillItsCaches_IsReportedWhileOthersWork()
    {
        var isOutOfOrder = true;
        await using var cluster = await ControlPlane.StartAsync(beforeRequest: (verb, resource) =>
        {
            if (isOutOfOrder && verb == "list" && resource.Plural == "endpointslices")
            {
                throw new KubeStatusException(new Status { Code = 403, Reason = "Forbidden", Message = "not yours" });
            }
        });
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(2), default);
        await cluster.WaitForAsync<Pod>("2 running pods", pods => pods.Count(pod => pod.Status.Phase == "Running") == 2);
        cluster.AdvanceTo(120);

        var ill = cluster.Manager!.Status.Where(status => !status.IsRunning).ToList();
        Assert.Equal(["endpointslice-controller", "endpointslicemirroring-controller"], ill.Select(status => status.Name).Order());
        Assert.All(ill, status => Assert.Contains("endpointslices", status.LastFailure, StringComparison.Ordinal));

        isOutOfOrder = false;
        cluster.AdvanceTo(160);
        Assert.All(cluster.Manager.Status, status => Assert.True(status.IsRunning));
    }

    [Fact]
    public async Task Parts_WriteUnderTheirOwnAccounts()
    {
        await using var cluster = await ControlPlane.StartAsync(new ControllerOptions { RootCertificates = "PEM" });
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(1), default);
        await cluster.WaitForAsync<Pod>("the pod to run", pods => pods.Any(pod => pod.Status.Phase == "Running"));

        // A controller without its role can do nothing.
        await cluster.Client.DeleteAsync(
            ApiResources.Of<Api.Rbac.V1.ClusterRoleBinding>(), null, "system:controller:replicaset-controller", DeleteOptions.Empty, default);
        await cluster.UpdateAsync<Api.Apps.V1.Deployment>("default", "web", deployment => deployment.WithReplicas(2));
        cluster.AdvanceTo(20);
        Assert.Single((await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items);
    }
}
