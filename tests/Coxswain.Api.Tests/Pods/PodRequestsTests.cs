using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.Api.Pods;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Tests;

public class PodRequestsTests
{
    [Theory]
    [InlineData("containers: [{resources: {requests: {cpu: 100m}}}, {resources: {requests: {cpu: 200m}}}]", "300m")]
    [InlineData("initContainers: [{resources: {requests: {cpu: '1'}}}]\n  containers: [{resources: {requests: {cpu: 200m}}}]", "1")]
    [InlineData("initContainers: [{restartPolicy: Always, resources: {requests: {cpu: 300m}}}]\n  containers: [{resources: {requests: {cpu: 200m}}}]", "500m")]
    [InlineData("initContainers: [{restartPolicy: Always, resources: {requests: {cpu: 300m}}}, {resources: {requests: {cpu: 400m}}}]\n  containers: [{resources: {requests: {cpu: 200m}}}]", "700m")]
    [InlineData("initContainers: [{resources: {requests: {cpu: 400m}}}, {restartPolicy: Always, resources: {requests: {cpu: 300m}}}]\n  containers: [{resources: {requests: {cpu: 200m}}}]", "500m")]
    [InlineData("overhead: {cpu: 50m}\n  containers: [{resources: {requests: {cpu: 200m}}}]", "250m")]
    [InlineData("resources: {requests: {cpu: '2'}}\n  overhead: {cpu: 50m}\n  containers: [{resources: {requests: {cpu: 200m}}}]", "2050m")]
    [InlineData("containers: [{image: x}]", "0")]
    public void Of_Containers_AddUpAsKubernetesDoes(string spec, string expected) =>
        Assert.Equal(Quantity.Parse(expected), PodRequests.Of(Spec(spec), ResourceName.Cpu));

    [Fact]
    public void LimitsOf_Overhead_MakesNoLimit()
    {
        var limits =
            PodRequests.LimitsOf(
                Spec("overhead: {cpu: 50m, memory: 1Mi}\n  containers: [{resources: {limits: {cpu: 200m}}}]"));

        Assert.Equal(Quantity.Parse("250m"), Assert.Single(limits).Value);
    }

    [Theory]
    [InlineData("containers: [{image: x}]", "BestEffort")]
    [InlineData("containers: [{resources: {requests: {cpu: '0'}}}]", "BestEffort")]
    [InlineData("containers: [{resources: {requests: {ephemeral-storage: 1Gi}}}]", "BestEffort")]
    [InlineData("containers: [{resources: {requests: {cpu: 100m}}}]", "Burstable")]
    [InlineData("containers: [{resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1, memory: 1Gi}}}]", "Guaranteed")]
    [InlineData("containers: [{resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m, memory: 1Gi}}}]", "Burstable")]
    [InlineData("containers: [{resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1, memory: 1Gi}}}, {image: x}]", "Burstable")]
    [InlineData("initContainers: [{image: x}]\n  containers: [{resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1, memory: 1Gi}}}]", "Burstable")]
    [InlineData("resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1, memory: 1Gi}}\n  containers: [{image: x}]", "Guaranteed")]
    public void PodQuality_Resources_DecideTheClass(string spec, string expected) =>
        Assert.Equal(expected, PodQuality.Of(Spec(spec)));

    private static PodSpec Spec(string spec) =>
        KubeJson.Deserialize<Pod>(Manifests.Json($"apiVersion: v1\nkind: Pod\nspec:\n  {spec}\n")).Spec;
}
