using Coxswain.Api.Core.V1;
using Coxswain.Network.Proxy;

namespace Coxswain.Network.Tests.Proxy;

public sealed class ServicePlannerTests
{
    private readonly ServicePlanner _planner = new(new ServiceProxySettings());

    [Fact]
    public void Plan_EndpointLeaves_LastTakesItsSlot()
    {
        Assert.Equal(["c", "b"], EndpointSlots.Assign(["a", "b", "c"], ["b", "c"]));
        Assert.Equal(["d", "b", "c", "e"], EndpointSlots.Assign(["a", "b", "c"], ["b", "c", "d", "e"]));
        Assert.Equal([], EndpointSlots.Assign(["a", "b"], []));
    }

    [Fact]
    public void Plan_ServedLocallyOrHeadless_WantsNothing()
    {
        var service = Services.Of("kube-dns", "10.96.0.10", Services.Port(53));
        var annotations = new Dictionary<string, string> { [NetworkAnnotations.ServedLocally] = "true" };
        var slices = new[] { Services.Slice("kube-dns", 53, "10.96.0.10") };

        Assert.NotEmpty(_planner.Plan(service, slices, ServicePlan.Empty).Elements);
        Assert.Empty(_planner.Plan(service with { Metadata = service.Metadata with { Annotations = annotations } }, slices, ServicePlan.Empty).Elements);
        Assert.Empty(_planner.Plan(Services.Of("headless", "None", Services.Port(53)), slices, ServicePlan.Empty).Elements);
    }

    [Fact]
    public void Difference_OneEndpointMore_SendsElementsOfThatServiceOnly()
    {
        var ledger = new ElementLedger();
        var script = new RuleScript("coxswain", new ServiceProxySettings());
        var service = Services.Of("web", "10.96.0.80", Services.Port(80));
        var one = _planner.Plan(service, [Services.Slice("web", 8080, "10.244.0.2")], ServicePlan.Empty);
        ledger.Replace(new("default", "web"), [], one.Elements);
        var everything = ledger.Everything();
        script.Full(RuleListing.Parse(""), everything);
        ledger.Commit(everything);

        var two = _planner.Plan(service, [Services.Slice("web", 8080, "10.244.0.1", "10.244.0.2")], one);
        ledger.Replace(new("default", "web"), one.Elements, two.Elements);

        Assert.Equal(
            """
            add map inet coxswain proxy-endpoints-1 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
            add chain inet coxswain proxy-endpoints-1
            add rule inet coxswain proxy-endpoints-1 dnat ip to ip daddr . meta l4proto . tcp dport map @proxy-endpoints-1
            add rule inet coxswain proxy-endpoints-1 dnat ip to ip daddr . meta l4proto . udp dport map @proxy-endpoints-1
            add rule inet coxswain proxy-endpoints-1 dnat ip to ip daddr . meta l4proto . sctp dport map @proxy-endpoints-1
            add rule inet coxswain proxy-endpoints-1 goto proxy-endpoints-0
            add chain inet coxswain proxy-pick-2
            add rule inet coxswain proxy-pick-2 numgen random mod 2 vmap { 0 : goto proxy-endpoints-0, 1 : goto proxy-endpoints-1 }
            delete element inet coxswain proxy-services { 10.96.0.80 . tcp . 80 }
            add element inet coxswain proxy-endpoints-1 { 10.96.0.80 . tcp . 80 : 10.244.0.1 . 8080 }
            add element inet coxswain proxy-hairpin { 10.244.0.1 . 10.244.0.1 }
            add element inet coxswain proxy-services { 10.96.0.80 . tcp . 80 : goto proxy-pick-2 }

            """,
            script.Difference(ledger.Changes()));
    }

    [Theory]
    [InlineData("127.0.0.1")] // The API's.
    [InlineData("10.244.0.1")] // The node's.
    [InlineData("10.96.0.1")] // Another Service's.
    [InlineData("10.96.0.10")]
    [InlineData("169.254.169.254")]
    [InlineData("224.0.0.1")]
    [InlineData("0.0.0.0")]
    public void Plan_ExternalAddressThatIsNotAUsersToGive_IsRefused(string address)
    {
        var service = Services.Of("web", "10.96.0.80", Services.Port(6443));
        service = service with
        {
            Spec = service.Spec with { Type = ServiceType.LoadBalancer, ExternalIPs = [address, "192.0.2.1"] },
            Status = service.Status with
            {
                LoadBalancer = service.Status.LoadBalancer with { Ingress = [LoadBalancerIngress.Empty with { Ip = address }] },
            },
        };

        var plan = _planner.Plan(service, [Services.Slice("web", 8080, "10.244.0.2")], ServicePlan.Empty);

        Assert.Equal(
            ["10.96.0.80 . tcp . 6443", "192.0.2.1 . tcp . 6443"],
            plan.Elements.Where(element => element.Set == RuleNames.Services).Select(element => element.Key).Order(StringComparer.Ordinal));
        Assert.All(_planner.Refused(service), refused => Assert.Equal(address, refused.ToString()));
        Assert.NotEmpty(_planner.Refused(service));
    }

    [Fact]
    public void Ledger_TwoServicesShareAnElement_StaysUntilBothLetGo()
    {
        var ledger = new ElementLedger();
        var shared = new RuleElement(RuleNames.Hairpin, "10.244.0.2 . 10.244.0.2", "");
        ledger.Replace(new("a", "a"), [], [shared]);
        ledger.Replace(new("b", "b"), [], [shared]);
        ledger.Commit(ledger.Changes());

        ledger.Replace(new("a", "a"), [shared], []);
        Assert.True(ledger.Changes().IsEmpty);

        ledger.Replace(new("b", "b"), [shared], []);
        Assert.Equal([shared], ledger.Changes().Removed);
    }
}
