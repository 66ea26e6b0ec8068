using System.Globalization;
using System.Text;

namespace Coxswain.ApiServer.Http;

/// <summary>How long something took, counted in Kubernetes' buckets; adding takes no lock.</summary>
internal sealed class DurationSeries
{
    private static readonly double[] Bounds =
    [
        0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
    ];

    private readonly long[] _counts = new long[Bounds.Length + 1];
    private long _ticks;

    public void Add(TimeSpan duration)
    {
        var seconds = duration.TotalSeconds;
        var bucket = 0;
        while (bucket < Bounds.Length && seconds > Bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _counts[bucket]);
        Interlocked.Add(ref _ticks, duration.Ticks);
    }

    public void Write(StringBuilder text, string name, string labels)
    {
        long count = 0;
        for (var i = 0; i <= Bounds.Length; i++)
        {
            count += Interlocked.Read(ref _counts[i]);
            var bound = i < Bounds.Length ? Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{bound}\"}} {count}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {TimeSpan.FromTicks(Interlocked.Read(ref _ticks)).TotalSeconds}\n");
        text.Append(CultureInfo.InvariantCulture, $"{name}_count{{{labels}}} {count}\n");
    }
}
