namespace Coxswain.ApiServer.Resources;

/// <summary>The query parameters of a list or watch, as they came.</summary>
internal sealed record ListParameters
{
    public string LabelSelector { get; init; } = "";

    public string FieldSelector { get; init; } = "";

    public string ResourceVersion { get; init; } = "";

    public string ResourceVersionMatch { get; init; } = "";

    public int Limit { get; init; }

    public string Continue { get; init; } = "";

    public bool AllowWatchBookmarks { get; init; }

    /// <summary>Null when the client does not say.</summary>
    public bool? SendInitialEvents { get; init; }

    /// <summary>Null when the client leaves it to the server.</summary>
    public TimeSpan? Timeout { get; init; }
}
