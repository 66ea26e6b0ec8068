using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Node.Files;

namespace Coxswain.Node.Tests.Files;

public sealed class ResolvConfTests
{
    private const string Host = "# made by hand\nnameserver 192.0.2.53\nsearch example.com\n";

    [Theory]
    [InlineData("ClusterFirst", "search shop.svc.cluster.local svc.cluster.local cluster.local example.com\nnameserver 10.96.0.10\noptions ndots:5\n")]
    [InlineData("Default", "search example.com\nnameserver 192.0.2.53\n")]
    [InlineData("None", "")]
    public void Build_Policy_DecidesWhoIsAsked(string policy, string expected)
    {
        var pod = Pod.Empty with { Metadata = ObjectMeta.Empty with { Namespace = "shop" }, Spec = PodSpec.Empty with { DnsPolicy = policy } };
        Assert.Equal(expected, ResolvConf.Build(pod, "10.96.0.10", "cluster.local", Host));
    }
}
