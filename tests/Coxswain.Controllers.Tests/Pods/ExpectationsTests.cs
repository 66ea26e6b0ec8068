using Coxswain.Controllers.Pods;
using Coxswain.Testing.Time;

namespace Coxswain.Controllers.Tests.Pods;

public sealed class ExpectationsTests
{
    [Fact]
    public void Expected_OfAnOwnerThatWasMadeAnew_IsNotOwedByTheNewOne()
    {
        var expectations = new Expectations(new VirtualTime());
        expectations.ExpectCreations("old-uid", 3);
        Assert.False(expectations.AreMet("old-uid"));
        Assert.True(expectations.AreMet("new-uid"));
        expectations.ExpectCreations("new-uid", 1);

        // A late notification of the old one's pod.
        expectations.CreationSettled("old-uid");
        Assert.False(expectations.AreMet("new-uid"));
        expectations.CreationSettled("new-uid");
        Assert.True(expectations.AreMet("new-uid"));
    }

    [Fact]
    public void Expected_NeverComes_IsNotWaitedForForEver()
    {
        var time = new VirtualTime();
        var expectations = new Expectations(time);
        expectations.ExpectDeletions("uid", ["pod"]);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(expectations.AreMet("uid"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(expectations.AreMet("uid"));
    }
}
