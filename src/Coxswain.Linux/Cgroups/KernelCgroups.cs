using System.Globalization;

namespace Coxswain.Linux.Cgroups;

/// <summary>The control groups mounted at /sys/fs/cgroup.</summary>
public sealed class KernelCgroups : ICgroups
{
    private const string Root = "/sys/fs/cgroup";

    private readonly TimeProvider _time;

    /// <summary>The directories a group has: one a controller on v1, one on v2.</summary>
    private readonly IReadOnlyList<string> _hierarchies;

    public KernelCgroups(TimeProvider time)
    {
        _time = time;
        if (File.Exists($"{Root}/cgroup.controllers"))
        {
            Layout = CgroupLayout.V2;
            _hierarchies = [Root];
            return;
        }

        Layout = File.Exists($"{Root}/unified/cgroup.controllers") ? CgroupLayout.Hybrid : CgroupLayout.V1;
        // Some controllers share a directory (cpu,cpuacct) under several names, which are links to it.
        _hierarchies = Directory.Exists(Root)
            ? [.. Directory.EnumerateDirectories(Root).Where(path => new DirectoryInfo(path).LinkTarget is null).Order()]
            : [];
    }

    public CgroupLayout Layout { get; }

    private bool IsV2 => Layout == CgroupLayout.V2;

    public CgroupUsage? ReadUsage(string path)
    {
        try
        {
            return IsV2 ? CgroupStatistics.ReadV2(Root + path) : CgroupStatistics.ReadV1(Root, path);
        }
        catch (Exception exception) when (IsGone(exception))
        {
            return null;
        }
    }

    public long ReadOomKills(string path)
    {
        try
        {
            return CgroupStatistics.ReadOomKills(IsV2 ? $"{Root}{path}/memory.events" : $"{Root}/memory{path}/memory.oom_control");
        }
        catch (Exception exception) when (IsGone(exception))
        {
            return 0;
        }
    }

    public IReadOnlyList<int> ListProcesses(string path)
    {
        var processes = new HashSet<int>();
        foreach (var hierarchy in _hierarchies)
        {
            foreach (var group in Subtree(hierarchy + path))
            {
                try
                {
                    processes.UnionWith(File.ReadLines($"{group}/cgroup.procs").Select(int.Parse));
                }
                catch (Exception exception) when (IsGone(exception))
                {
                    // The group went while we looked at it, and its processes with it.
                }
            }
        }

        return [.. processes.Order()];
    }

    public void Create(string path)
    {
        foreach (var hierarchy in _hierarchies)
        {
            Directory.CreateDirectory(hierarchy + path);
            if (hierarchy.EndsWith("/cpuset", StringComparison.Ordinal))
            {
                InheritCpuset(hierarchy, path);
            }
        }

        if (IsV2)
        {
            DelegateControllers(path);
        }
    }

    public void AddProcess(string path, int pid)
    {
        foreach (var hierarchy in _hierarchies)
        {
            Write($"{hierarchy}{path}/cgroup.procs", pid.ToString(CultureInfo.InvariantCulture));
        }
    }

    public void SetLimits(string path, CgroupLimits limits)
    {
        foreach (var (controller, file, value) in IsV2 ? CgroupFiles.V2(limits) : CgroupFiles.V1(limits))
        {
            Write(IsV2 ? $"{Root}{path}/{file}" : $"{Root}/{controller}{path}/{file}", value);
        }
    }

    public async Task RemoveAsync(string path, CancellationToken cancellationToken)
    {
        const int Attempts = 200;
        if (!path.StartsWith('/') || path.Length < 2 || path.Contains("..", StringComparison.Ordinal))
        {
            throw new ArgumentException($"not a group of ours: '{path}'", nameof(path));
        }

        for (var attempt = 0; ; attempt++)
        {
            var busy = 0;
            foreach (var group in _hierarchies.SelectMany(hierarchy => Subtree(hierarchy + path).Reverse()))
            {
                busy += TryRemove(group) ? 0 : 1;
            }

            if (busy == 0)
            {
                return;
            }

            // A fork may escape one round of kills, so this goes on until nothing is left. A group stays busy for a
            // moment after its last process has died, and the kernel gives no event for the end of that moment on v1.
            // A process of another pid namespace is listed as 0, which kill(2) would take for our own group.
            foreach (var pid in ListProcesses(path).Where(pid => pid > 0))
            {
                Processes.Signals.Send(pid, Processes.Signals.Kill);
            }

            if (attempt == Attempts)
            {
                throw new LinuxException($"cgroup {path} stays busy: processes {string.Join(' ', ListProcesses(path))}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(1 + attempt, 50)), _time, cancellationToken);
        }
    }

    public bool RemoveIfEmpty(string path)
    {
        if (ListProcesses(path).Count > 0 || _hierarchies.Any(hierarchy => Subtree(hierarchy + path).Count > 1))
        {
            return false;
        }

        var gone = true;
        foreach (var hierarchy in _hierarchies)
        {
            gone &= TryRemove(hierarchy + path);
        }

        return gone;
    }

    private static bool TryRemove(string group)
    {
        try
        {
            // rmdir: the files in it are the kernel's and go with it.
            return Interop.LibC.rmdir(group) == 0 || Interop.LibC.Errno == Interop.LibC.ENOENT;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
    }

    /// <summary>The group and all below it, parents first.</summary>
    private static IReadOnlyList<string> Subtree(string group)
    {
        if (!Directory.Exists(group))
        {
            return [];
        }

        try
        {
            return [group, .. Directory.EnumerateDirectories(group, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [group];
        }
    }

    private static bool IsGone(Exception exception) =>
        exception is FileNotFoundException or DirectoryNotFoundException
            or IOException { HResult: Interop.LibC.ENODEV };

    private static void Write(string file, string value)
    {
        try
        {
            // Not WriteAllText: a control file is neither created nor truncated.
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            stream.Write(System.Text.Encoding.ASCII.GetBytes(value));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LinuxException($"write {value} to {file}", exception);
        }
    }

    /// <summary>A new v1 cpuset is empty and takes no process; every level must be given its parent's first.</summary>
    private static void InheritCpuset(string hierarchy, string path)
    {
        var group = hierarchy;
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var child = $"{group}/{part}";
            foreach (var file in new[] { "cpuset.cpus", "cpuset.mems" })
            {
                if (File.ReadAllText($"{child}/{file}").Trim().Length == 0)
                {
                    Write($"{child}/{file}", File.ReadAllText($"{group}/{file}").Trim());
                }
            }

            group = child;
        }
    }

    /// <summary>On v2 a group has only the controllers that every group above it passes on.</summary>
    private static void DelegateControllers(string path)
    {
        var group = Root;
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var controller in File.ReadAllText($"{group}/cgroup.controllers").Split(' ', StringSplitOptions.TrimEntries))
            {
                if (controller is "cpu" or "memory" or "pids" or "cpuset" or "io")
                {
                    Write($"{group}/cgroup.subtree_control", $"+{controller}");
                }
            }

            group = $"{group}/{part}";
        }
    }
}
