namespace Coxswain.Linux.Files;

/// <summary>Finds programs as a shell would.</summary>
public static class Executable
{
    /// <summary>The absolute path of a program named by path or looked up in PATH.</summary>
    /// <exception cref="LinuxException">There is none.</exception>
    public static string Find(string name)
    {
        if (name.Contains('/'))
        {
            return File.Exists(name) ? Path.GetFullPath(name) : throw new LinuxException($"no program {name}");
        }

        var directories = Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin";
        foreach (var directory in directories.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var path = Path.Combine(directory, name);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new LinuxException($"no program {name} in PATH ({directories})");
    }
}
