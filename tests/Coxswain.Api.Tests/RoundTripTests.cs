using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;

namespace Coxswain.Api.Tests;

public class RoundTripTests
{
    [Fact]
    public void Pod_WrittenAndRead_IsEqual()
    {
        const string json = """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","labels":{"app":"web"}},"spec":{"volumes":[{"name":"v","configMap":{"name":"c"}}],
            "containers":[{"name":"c","image":"nginx","resources":{"limits":{"cpu":"500m","memory":"64Mi"}},
            "livenessProbe":{"httpGet":{"path":"/","port":80}}}]}}
            """;

        var pod = KubeJson.Deserialize<Pod>(Encoding.UTF8.GetBytes(json));
        var again = KubeJson.Deserialize<Pod>(KubeJson.Serialize(pod));

        Assert.Equal(pod, again);
        Assert.Equal("c", pod.Spec.Volumes[0].ConfigMap!.Name);
        Assert.Equal(500, pod.Spec.Containers[0].Resources.Limits["cpu"].MilliValue);
        Assert.Equal(80, pod.Spec.Containers[0].LivenessProbe!.HttpGet!.Port.IntValue);
    }

    [Fact]
    public void ApiResources_CurrentKinds_AreServedOnceEach()
    {
        var twice = ApiResources.All.GroupBy(resource => (resource.Group, resource.Kind)).Where(group => group.Count() > 1);

        Assert.Empty(twice);
        Assert.Equal("deployments", ApiResources.Of<Coxswain.Api.Apps.V1.Deployment>().Plural);
        Assert.Contains(ApiResources.All, resource => resource is { Group: "batch", Version: "v1", Plural: "cronjobs" });
    }
}
