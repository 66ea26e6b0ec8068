namespace Coxswain.Engine.Logs;

/// <summary>The files of one log: the one that is written, and the old ones beside it, named after the time they were put aside.</summary>
internal static class LogFiles
{
    private const string TimeFormat = "yyyyMMdd-HHmmss";

    public static string OldName(string path, DateTimeOffset time) => $"{path}.{time.UtcDateTime.ToString(TimeFormat)}";

    /// <summary>Oldest first.</summary>
    public static IReadOnlyList<string> Old(string path)
    {
        var directory = Path.GetDirectoryName(path)!; // A log lies in a directory.
        return Directory.Exists(directory)
            ? [.. Directory.EnumerateFiles(directory, Path.GetFileName(path) + ".*")
                .Where(file => file.Length > path.Length && IsTime(file[(path.Length + 1)..])).Order(StringComparer.Ordinal)]
            : [];
    }

    // conmon has a file of its own beside the log for a moment.
    private static bool IsTime(string text) =>
        text.Length == TimeFormat.Length && text.All(character => char.IsAsciiDigit(character) || character == '-');
}
