namespace Coxswain.Engine.Containers.Tasks;

/// <summary>Reads what runc says when it cannot make a process.</summary>
internal static class RuncErrors
{
    private const int CannotRun = 126;
    private const int NotFound = 127;
    private const int Other = 128;

    public static ContainerStartException ToException(string id, string message)
    {
        var text = Trim(message);
        return new ContainerStartException(id, CodeOf(text), text);
    }

    /// <summary>The code a shell would give for that reason.</summary>
    public static int CodeOf(string message) =>
        message.Contains("executable file not found", StringComparison.Ordinal)
            || (message.Contains("exec:", StringComparison.Ordinal)
                && message.Contains("no such file or directory", StringComparison.Ordinal)) ? NotFound
        : message.Contains("permission denied", StringComparison.Ordinal)
            || message.Contains("exec format error", StringComparison.Ordinal) ? CannotRun
        : Other;

    /// <summary>Takes the reason out of runc's log line; what is no such line is returned as it is.</summary>
    private static string Trim(string message)
    {
        // time="..." level=error msg="runc create failed: unable to start container process: exec: \"x\": ..."
        const string Start = "level=error msg=\"";
        var last = message.LastIndexOf(Start, StringComparison.Ordinal);
        if (last < 0)
        {
            return message.Trim();
        }

        var text = message[(last + Start.Length)..].TrimEnd().TrimEnd('"');
        return text.Replace("\\\"", "\"", StringComparison.Ordinal);
    }
}
