using Coxswain.Linux.Links;

namespace Coxswain.Linux.Tests.Links;

public sealed class InterfaceCountersTests
{
    [Fact]
    public void Parse_TheKernelsTable_GivesEachInterface()
    {
        var interfaces = InterfaceCounters.Parse(
        [
            "Inter-|   Receive                                                |  Transmit",
            " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
            "    lo:       5       1    0    0    0     0          0         0        5       1    0    0    0     0       0          0",
            "eth0:1:12345678 100 1 2 0 0 0 9 87654321 200 3 4 0 0 0 0",
            "broken: 1 2",
        ]);
        Assert.Equal(
        [
            new InterfaceCounters("lo") { ReceivedBytes = 5, ReceivedPackets = 1, SentBytes = 5, SentPackets = 1 },
            new InterfaceCounters("eth0:1")
            {
                ReceivedBytes = 12345678, ReceivedPackets = 100, ReceiveErrors = 1, ReceiveDrops = 2,
                SentBytes = 87654321, SentPackets = 200, SendErrors = 3, SendDrops = 4,
            },
        ], interfaces);
    }

    [Fact]
    public void Read_OfThisMachine_HasTheLoopback() => Assert.Contains(InterfaceCounters.Read(), item => item.Name == "lo");
}
