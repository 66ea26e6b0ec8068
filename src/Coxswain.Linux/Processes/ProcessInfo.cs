using System.Globalization;

namespace Coxswain.Linux.Processes;

/// <summary>What /proc says about a process.</summary>
public static class ProcessInfo
{
    /// <summary>Clock ticks since boot when the process started: with the id it names a process for ever. 0 when there is none.</summary>
    public static long StartTime(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The command's name may hold spaces and brackets; the fields are counted from behind its last bracket.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? 0 : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return 0;
        }
    }

    /// <summary>What the kernel calls a process: its program's name unless it chose another. Empty when there is none.</summary>
    public static string Name(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").TrimEnd('\n');
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>The children of a process right now.</summary>
    public static IReadOnlyList<int> Children(int pid)
    {
        var children = new List<int>();
        try
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
            {
                var words = File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
                children.AddRange(words.Select(word => int.Parse(word, CultureInfo.InvariantCulture)));
            }
        }
        catch (IOException)
        {
            // It, or one of its threads, ended while we looked.
        }

        return children;
    }
}
