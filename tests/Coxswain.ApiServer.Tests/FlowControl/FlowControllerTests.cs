using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.FlowControl;
using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Tests.FlowControl;

public sealed class FlowControllerTests : IAsyncLifetime
{
    private const string Group = "/apis/flowcontrol.apiserver.k8s.io/v1/";

    private TestServer _server = null!; // both are set before any test
    private FlowController _flows = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _flows = new FlowController(_server.Store, seats: 245, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await _flows.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("admin", "system:masters", "list", "pods", "default", "exempt")]
    [InlineData("system:node:a", "system:nodes", "update", "nodes/status", "", "system-node-high")]
    [InlineData("system:node:a", "system:nodes", "update", "pods/status", "default", "system-nodes")]
    [InlineData("system:kube-scheduler", "system:authenticated", "list", "pods", "", "kube-scheduler")]
    [InlineData("system:serviceaccount:kube-system:x", "system:serviceaccounts", "list", "pods", "", "kube-system-service-accounts")]
    [InlineData("system:serviceaccount:default:x", "system:serviceaccounts", "list", "pods", "", "service-accounts")]
    [InlineData("jane", "system:authenticated", "list", "pods", "", "global-default")]
    [InlineData("nobody", "none", "list", "pods", "", "catch-all")]
    public async Task Classify_ByWhoAndWhat(string name, string group, string verb, string resource, string @namespace, string schema)
    {
        var place = await _flows.ClassifyAsync(new FlowRequest(new User(name, [group]), verb, "", resource, @namespace, ""), default);
        Assert.Equal(schema, place.Schema.Name);
    }

    [Fact]
    public async Task Headers_NameSchemaAndLevel_AlsoOfProbesAndErrors()
    {
        var schemas = (await _server.GetAsync(Group + "flowschemas")).Expect(200).Json["items"]!.AsArray();
        var levels = (await _server.GetAsync(Group + "prioritylevelconfigurations")).Expect(200).Json["items"]!.AsArray();
        foreach (var path in (string[])["/livez/ping", "/api/v1/namespaces/default/pods/nothing"])
        {
            using var message = new HttpRequestMessage(HttpMethod.Head, path) { Version = new Version(2, 0) };
            using var answer = await _server.Http.SendAsync(message);
            Assert.Equal(UidOf(schemas, "exempt"), answer.Headers.GetValues("X-Kubernetes-PF-FlowSchema-UID").Single());
            Assert.Equal(UidOf(levels, "exempt"), answer.Headers.GetValues("X-Kubernetes-PF-PriorityLevel-UID").Single());
        }

        using var jane = _server.ClientWith(_server.Pki.Authority.Issue(new CertificateSubject("jane")));
        using var refused = await jane.GetAsync(new Uri("/api/v1/pods", UriKind.Relative));
        Assert.Equal(UidOf(schemas, "global-default"), refused.Headers.GetValues("X-Kubernetes-PF-FlowSchema-UID").Single());
    }

    [Fact]
    public async Task Level_WithoutSeats_QueuesThenRefuses_AndServesFlowsInTurn()
    {
        var level = Alone(Settings("a", seats: 1, queues: 1, length: 2));
        var schema = new FlowSchema("s", "", 1, "a", "ByUser", []);
        var first = await level.EnterAsync(schema, "x", default);
        var second = level.EnterAsync(schema, "x", default).AsTask();
        var third = level.EnterAsync(schema, "x", default).AsTask();
        await Assert.ThrowsAsync<KubeStatusException>(async () => await level.EnterAsync(schema, "x", default));
        Assert.Equal(1, level.Rejected);
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
        (await third).Dispose();
        Assert.Equal((0, 0), (level.Running, level.Waiting));
    }

    [Fact]
    public async Task Level_NoisyFlow_DoesNotHoldUpAnother()
    {
        var level = Alone(Settings("a", seats: 1, queues: 64, length: 50));
        var schema = new FlowSchema("s", "", 1, "a", "ByUser", []);
        var running = await level.EnterAsync(schema, "noisy", default);
        var noisy = Enumerable.Range(0, 40).Select(_ => level.EnterAsync(schema, "noisy", default).AsTask()).ToList();
        var quiet = level.EnterAsync(schema, "quiet", default).AsTask();
        for (var served = 0; !quiet.IsCompleted; served++)
        {
            Assert.True(served < 8, "the quiet one waits behind the noisy one");
            running.Dispose();
            var next = await Task.WhenAny([quiet, .. noisy]);
            noisy.Remove(next);
            running = await next;
        }
    }

    [Fact]
    public async Task Level_WhoGivesUp_LeavesNoSeatTaken()
    {
        var level = Alone(Settings("a", seats: 1, queues: 4, length: 5));
        var schema = new FlowSchema("s", "", 1, "a", "ByUser", []);
        var first = await level.EnterAsync(schema, "x", default);
        using var leaving = new CancellationTokenSource();
        var second = level.EnterAsync(schema, "x", leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        first.Dispose();
        Assert.Equal((0, 0), (level.Running, level.Waiting));
        (await level.EnterAsync(schema, "x", default)).Dispose();
    }

    [Fact]
    public async Task Level_Busy_BorrowsWhatOthersLend()
    {
        var pool = new SeatPool();
        var busy = new PriorityLevel(Settings("busy", seats: 1, queues: 0, length: 0), pool, TimeProvider.System);
        var idle = new PriorityLevel(Settings("idle", seats: 4, queues: 0, length: 0) with { LendablePercent = 50 }, pool, TimeProvider.System);
        pool.Levels = [busy, idle];
        var schema = new FlowSchema("s", "", 1, "a", "", []);
        for (var i = 0; i < 3; i++)
        {
            await busy.EnterAsync(schema, "", default);
        }

        await Assert.ThrowsAsync<KubeStatusException>(async () => await busy.EnterAsync(schema, "", default));
        await idle.EnterAsync(schema, "", default);
    }

    private static PriorityLevel Alone(LevelSettings settings)
    {
        var pool = new SeatPool();
        var level = new PriorityLevel(settings, pool, TimeProvider.System);
        pool.Levels = [level];
        return level;
    }

    private static LevelSettings Settings(string name, int seats, int queues, int length) => new(name, "", false, 1, 0, queues, 2, length) { Seats = seats };

    private static string UidOf(JsonArray items, string name) =>
        (string)items.Single(item => (string?)item!["metadata"]!["name"] == name)!["metadata"]!["uid"]!;
}
