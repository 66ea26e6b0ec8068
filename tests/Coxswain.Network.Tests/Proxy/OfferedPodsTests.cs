using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Network.Proxy;
using Endpoint = Coxswain.Api.Discovery.V1.Endpoint;

namespace Coxswain.Network.Tests.Proxy;

public sealed class OfferedPodsTests
{
    private readonly OfferedPods _offered = new();

    [Fact]
    public void Wait_PodThatNobodyOffers_IsOverAtOnce() =>
        Assert.True(_offered.WaitUntilWithdrawnAsync("a", default).IsCompletedSuccessfully);

    [Fact]
    public void Wait_EndpointEndsButIsStillPublished_IsOver()
    {
        var slice = Slice("one", Of("a"), Of("b"));
        _offered.Observe(null, slice);
        var waiting = _offered.WaitUntilWithdrawnAsync("a", default);
        Assert.False(waiting.IsCompleted);

        var ending = slice with { Endpoints = [Of("a", terminating: true), Of("b")] };
        _offered.Observe(slice, ending);
        Assert.True(waiting.IsCompletedSuccessfully);
        Assert.True(_offered.Serves("a"));
        Assert.False(_offered.WaitUntilWithdrawnAsync("b", default).IsCompleted);

        _offered.Observe(ending, ending with { Endpoints = [Of("b")] });
        Assert.False(_offered.Serves("a"));
    }

    [Fact]
    public void Wait_PodOfTwoServices_IsOverWhenBothHaveWithdrawnIt()
    {
        var (first, second) = (Slice("one", Of("a")), Slice("two", Of("a")));
        _offered.Observe(null, first);
        _offered.Observe(null, second);
        var waiting = _offered.WaitUntilWithdrawnAsync("a", default);

        _offered.Observe(first, first with { Endpoints = [Of("a", ready: false)] });
        Assert.False(waiting.IsCompleted);
        _offered.Observe(second, null);
        Assert.True(waiting.IsCompletedSuccessfully);
    }

    [Fact]
    public void Wait_SliceMadeByHand_IsNotWaitedFor()
    {
        var slice = Slice("one", Of("a"));
        _offered.Observe(null, slice with { Metadata = slice.Metadata with { Labels = new Dictionary<string, string>() } });
        Assert.True(_offered.WaitUntilWithdrawnAsync("a", default).IsCompletedSuccessfully);
    }

    private static EndpointSlice Slice(string service, params Endpoint[] endpoints)
    {
        var slice = Services.Slice(service, 80, Protocol.TCP, endpoints);
        return slice with
        {
            Metadata = slice.Metadata with
            {
                Labels = new Dictionary<string, string>(slice.Metadata.Labels) { ["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io" },
            },
        };
    }

    private static Endpoint Of(string uid, bool ready = true, bool terminating = false) => Endpoint.Empty with
    {
        Addresses = ["10.244.0.2"],
        Conditions = EndpointConditions.Empty with { Ready = ready, Serving = ready, Terminating = terminating },
        TargetRef = new ObjectReference { Kind = "Pod", Uid = uid },
    };
}
