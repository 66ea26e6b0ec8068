using System.Globalization;

namespace Coxswain.Linux.Links;

/// <summary>What has passed through one network interface since it was made.</summary>
public sealed record InterfaceCounters(string Name)
{
    public long ReceivedBytes { get; init; }

    public long ReceivedPackets { get; init; }

    public long ReceiveErrors { get; init; }

    public long ReceiveDrops { get; init; }

    public long SentBytes { get; init; }

    public long SentPackets { get; init; }

    public long SendErrors { get; init; }

    public long SendDrops { get; init; }

    /// <summary>Of all interfaces in the network namespace of the thread that asks.</summary>
    public static IReadOnlyList<InterfaceCounters> Read() => Parse(File.ReadLines("/proc/thread-self/net/dev"));

    /// <param name="lines">Of the kernel's <c>net/dev</c>: two of headings, then one an interface.</param>
    internal static IReadOnlyList<InterfaceCounters> Parse(IEnumerable<string> lines)
    {
        const int Columns = 16;
        var interfaces = new List<InterfaceCounters>();
        foreach (var line in lines)
        {
            // The name may be any that has neither a slash nor a space; the numbers may follow the colon at once.
            var colon = line.LastIndexOf(':');
            var numbers = colon < 0 ? [] : line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (numbers.Length < Columns)
            {
                continue;
            }

            long At(int column) => long.Parse(numbers[column], CultureInfo.InvariantCulture);
            interfaces.Add(new InterfaceCounters(line[..colon].Trim())
            {
                ReceivedBytes = At(0), ReceivedPackets = At(1), ReceiveErrors = At(2), ReceiveDrops = At(3),
                SentBytes = At(8), SentPackets = At(9), SendErrors = At(10), SendDrops = At(11),
            });
        }

        return interfaces;
    }
}
