using Coxswain.Api.Core.V1;
using Coxswain.Api.Validation;

namespace Coxswain.Api.Tests;

public class PodSubresourceValidationTests
{
    private const string Base = """
        apiVersion: v1
        kind: Pod
        metadata: {name: p, namespace: d}
        spec:
          restartPolicy: Always
          containers:
          - {name: web, image: nginx, imagePullPolicy: Always, resources: {limits: {cpu: 200m}, requests: {cpu: 100m}}}
        """;

    [Theory]
    [InlineData("name: debug, image: busybox, imagePullPolicy: Always, targetContainerName: web")]
    [InlineData("name: web, image: busybox, imagePullPolicy: Always", "spec.ephemeralContainers[0].name: Duplicate value: \"web\"")]
    [InlineData("name: debug, image: busybox, imagePullPolicy: Always, targetContainerName: none", "spec.ephemeralContainers[0].targetContainerName: Not found: \"none\"")]
    [InlineData("name: debug, image: busybox, imagePullPolicy: Always, ports: [{containerPort: 80, protocol: TCP}]", "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container")]
    [InlineData("name: debug, image: busybox, imagePullPolicy: Always, resources: {limits: {cpu: 1}}", "spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container")]
    [InlineData("name: debug, imagePullPolicy: Always", "spec.ephemeralContainers[0].image: Required value")]
    public void EphemeralContainers_Added_AreToldWhatTheyMayNotHave(string added, params string[] expected)
    {
        var now = Pod(Base + "\n  ephemeralContainers: [{" + added + "}]");
        Assert.Equal(expected, PodSubresourceValidation.EphemeralContainers(now, Pod(Base)).Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("{limits: {cpu: 400m}, requests: {cpu: 50m}}")]
    [InlineData("{limits: {cpu: 200m, memory: 1Mi}, requests: {cpu: 100m}}")]
    [InlineData("{limits: {cpu: 50m}, requests: {cpu: 100m}}", "spec.containers[0].resources.requests: Invalid value: \"100m\": must be less than or equal to cpu limit of 50m")]
    [InlineData("{requests: {cpu: 100m}}", "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed")]
    [InlineData("{limits: {cpu: 100m, memory: 1Mi}, requests: {cpu: 100m, memory: 1Mi}}", "spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing")]
    [InlineData("{limits: {cpu: 200m, ephemeral-storage: 1Gi}, requests: {cpu: 100m}}", "spec: Forbidden: only cpu and memory resources are mutable")]
    public void Resize_Changed_MayBeCpuAndMemoryInTheSameClass(string resources, params string[] expected)
    {
        var now = Pod(Base.Replace("{limits: {cpu: 200m}, requests: {cpu: 100m}}", resources, StringComparison.Ordinal));
        Assert.Equal(expected, PodSubresourceValidation.Resize(now, Pod(Base)).Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("securityContext: {sysctls: [{name: foo-, value: a}, {name: kernel.shmmax, value: b}, {name: bar.., value: c}]}", "\"foo-\"", "\"bar..\"")]
    [InlineData("securityContext: {sysctls: [{name: net/ipv4/conf/eth0.1/forwarding, value: '1'}]}")]
    public void Sysctls_OfAPod_AreNamesOfSettings(string security, params string[] named)
    {
        var errors = ObjectValidation.ValidateCreate(Pod(Base + "\n  " + security));
        Assert.Equal(named.Length, errors.Count);
        Assert.All(errors.Zip(named), pair => Assert.Contains($"Invalid value: {pair.Second}: ", pair.First.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void EphemeralContainers_InANewPod_AreForbidden()
    {
        var errors = ObjectValidation.ValidateCreate(Pod(Base + "\n  ephemeralContainers: [{name: debug, image: busybox, imagePullPolicy: Always}]"));
        Assert.Equal("spec.ephemeralContainers: Forbidden: cannot be set on create", Assert.Single(errors).ToString());
    }

    private static Pod Pod(string yaml) => Manifests.Typed<Pod>(yaml);
}
