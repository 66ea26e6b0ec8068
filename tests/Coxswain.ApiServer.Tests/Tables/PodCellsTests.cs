using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Cells;

namespace Coxswain.ApiServer.Tests.Tables;

public sealed class PodCellsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Status_Waiting_ShowsItsReason() =>
        Assert.Equal("CrashLoopBackOff", Cell("Status", Running("c") with { State = new ContainerState { Waiting = new ContainerStateWaiting { Reason = "CrashLoopBackOff" } } }));

    [Fact]
    public void Status_Completed_ShowsIt() =>
        Assert.Equal("Completed", Cell("Status", Running("c") with { State = new ContainerState { Terminated = new ContainerStateTerminated { Reason = "Completed" } } }));

    [Fact]
    public void Status_EndedWithoutReason_ShowsTheCode() =>
        Assert.Equal("ExitCode:3", Cell("Status", Running("c") with { State = new ContainerState { Terminated = new ContainerStateTerminated { ExitCode = 3 } } }));

    [Fact]
    public void Status_BeingDeleted_IsTerminating() =>
        Assert.Equal("Terminating", PodCells.Cell(Pod(Running("c")) with { Metadata = new ObjectMeta { DeletionTimestamp = Now } }, "Status", Now));

    [Fact]
    public void Status_Initializing_CountsWhatIsDone()
    {
        var pod = Pod(Running("c"));
        pod = pod with
        {
            Spec = pod.Spec with { InitContainers = [new Container { Name = "i" }, new Container { Name = "j" }] },
            Status = pod.Status with
            {
                InitContainerStatuses =
                [
                    new ContainerStatus { Name = "i", State = new ContainerState { Terminated = new ContainerStateTerminated() } },
                    new ContainerStatus { Name = "j", State = new ContainerState { Running = new ContainerStateRunning() } },
                ],
            },
        };
        Assert.Equal("Init:1/2", PodCells.Cell(pod, "Status", Now));
    }

    [Fact]
    public void Restarts_WithATime_SayHowLongAgo() =>
        Assert.Equal("2 (5s ago)", Cell("Restarts", Running("c") with
        {
            RestartCount = 2,
            LastState = new ContainerState { Terminated = new ContainerStateTerminated { FinishedAt = Now.AddSeconds(-5) } },
        }));

    [Fact]
    public void Ready_OneOfTwo_IsCounted() =>
        Assert.Equal("1/2", PodCells.Cell(Pod(Running("c"), Running("d") with { Ready = false }), "Ready", Now));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(150, "2m30s")]
    [InlineData(3600, "60m")]
    [InlineData(12_000, "3h20m")]
    [InlineData(90_000, "25h")]
    [InlineData(400_000, "4d15h")]
    [InlineData(40_000_000, "462d")]
    public void Ages_AreShort(int seconds, string text) => Assert.Equal(text, Ages.Short(TimeSpan.FromSeconds(seconds)));

    private static object? Cell(string column, ContainerStatus status) => PodCells.Cell(Pod(status), column, Now);

    private static ContainerStatus Running(string name) =>
        new() { Name = name, Ready = true, State = new ContainerState { Running = new ContainerStateRunning() } };

    private static Pod Pod(params ContainerStatus[] statuses) => new()
    {
        Spec = new PodSpec { Containers = [.. statuses.Select(status => new Container { Name = status.Name })] },
        Status = new PodStatus { Phase = "Running", ContainerStatuses = statuses },
    };
}
