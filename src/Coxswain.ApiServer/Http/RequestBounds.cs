namespace Coxswain.ApiServer.Http;

/// <summary>What requests may take of the server.</summary>
public sealed record RequestBounds
{
    /// <summary>
    /// How many requests that read run at once. Together with those that write they are the seats that the priority levels share;
    /// watches and logs take none.
    /// </summary>
    public int MostReading { get; init; } = 400;

    /// <summary>How many requests that change something run at once.</summary>
    public int MostWriting { get; init; } = 200;

    /// <summary>How long a request may take, its body and its answer included; watches and logs last longer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a watch is kept whose client takes nothing while there is something to take.</summary>
    public TimeSpan WatchPatience { get; init; } = TimeSpan.FromMinutes(5);
}
