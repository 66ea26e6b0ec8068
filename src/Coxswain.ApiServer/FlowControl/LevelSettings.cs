using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.FlowControl;

/// <summary>What a PriorityLevelConfiguration says.</summary>
/// <param name="Queues">0 where what finds no seat is refused at once.</param>
internal sealed record LevelSettings(string Name, string Uid, bool IsExempt, long Shares, long LendablePercent, int Queues, int HandSize, int QueueLength)
{
    /// <summary>For what nothing else is said of.</summary>
    public static readonly LevelSettings CatchAll = new("catch-all", "", IsExempt: false, 5, 0, 0, 0, 0);

    /// <summary>More than this many queues, or so long, help nobody; what is configured decides no more memory than that.</summary>
    private const int MostQueues = 1024;

    private const int LongestQueue = 10_000;

    /// <summary>How many seats the shares come to.</summary>
    public int Seats { get; init; } = 1;

    /// <summary>How many of them others may use while they are free.</summary>
    public int Lendable => (int)(Seats * LendablePercent / 100);

    public static LevelSettings Read(JsonObject level)
    {
        var spec = level.Object("spec") ?? [];
        var isExempt = spec.Text("type") == "Exempt";
        var limited = spec.Object("limited") ?? [];
        var queues = limited.TextAt("limitResponse", "type") == "Queue" ? limited.At("limitResponse", "queuing") as JsonObject ?? [] : null;
        return new LevelSettings(
            level.TextAt("metadata", "name"), level.TextAt("metadata", "uid"), isExempt,
            isExempt ? spec.Object("exempt")?.Integer("nominalConcurrencyShares") ?? 0 : limited.Integer("nominalConcurrencyShares") ?? 30,
            isExempt ? 0 : Math.Clamp(limited.Integer("lendablePercent") ?? 0, 0, 100),
            queues is null ? 0 : (int)Math.Clamp(queues.Integer("queues") ?? 64, 1, MostQueues),
            (int)Math.Clamp(queues?.Integer("handSize") ?? 8, 1, 64),
            (int)Math.Clamp(queues?.Integer("queueLengthLimit") ?? 50, 1, LongestQueue));
    }
}
