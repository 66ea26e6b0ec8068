using Coxswain.Engine.Containers;
using Coxswain.Engine.Containers.Execs;
using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Events;

namespace Coxswain.Engine.Tests.Containers;

public sealed class ExecManagerTests
{
    private readonly SetTime _time = new();

    [Fact]
    public async Task Create_AllPlacesTakenByExecsNobodyStarts_MakesRoomOnceTheyAreOld()
    {
        await using var execs = new ExecManager(null!, new EventLog(_time), _time); // Nothing is started here.
        var spec = new ContainerSpec { Name = "c", Root = RootFilesystem.FromLayers(["/"]), Args = ["sleep"] };
        var container = new ContainerRecord("c", spec, "/", "/", _time.GetUtcNow());
        var exec = new ExecSpec { Args = ["true"] };
        var first = execs.Create(container, exec);
        for (var i = 1; i < ExecManager.MostOpen; i++)
        {
            execs.Create(container, exec);
        }

        Assert.Throws<EngineException>(() => execs.Create(container, exec));
        _time.Now += ExecManager.UnstartedLife;
        var last = execs.Create(container, exec);

        Assert.Null(execs.Find(first.Id));
        Assert.Equal([last.Id], execs.List("c").Select(status => status.Id));
        await Assert.ThrowsAsync<ExecNotFoundException>(() => execs.StartAsync(container, first.Id, default));
    }

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
