using Coxswain.Linux.Cgroups;

namespace Coxswain.Linux.Tests.Cgroups;

/// <summary>What is read of each layout's files, whichever this machine has.</summary>
public sealed class CgroupStatisticsTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("coxswain-cgroup-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void ReadV2_AllFiles_AreRead()
    {
        Write("memory.current", "1000\n");
        Write("memory.max", "max\n");
        Write("memory.stat", "anon 300\nfile 500\ninactive_file 400\npgfault 7\npgmajfault 2\n");
        Write("memory.events", "low 0\noom 3\noom_kill 2\n");
        Write("cpu.stat", "usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 6\n");
        Write("pids.current", "3\n");
        Assert.Equal(
            new CgroupUsage(1000, 600, 300, 5000, 3, 0)
            {
                CacheBytes = 500, PageFaults = 7, MajorPageFaults = 2, CpuPeriods = 10, ThrottledPeriods = 4, ThrottledNanoseconds = 6000, OomKills = 2,
            },
            CgroupStatistics.ReadV2(_root.FullName));
    }

    [Fact]
    public void ReadV1_AllControllers_AreRead()
    {
        Write("memory/g/memory.usage_in_bytes", "1000\n");
        Write("memory/g/memory.limit_in_bytes", "2000\n");
        Write("memory/g/memory.stat", "cache 1\ntotal_cache 500\ntotal_rss 300\ntotal_inactive_file 400\ntotal_pgfault 7\ntotal_pgmajfault 2\n");
        Write("memory/g/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
        Write("cpu/g/cpu.stat", "nr_periods 10\nnr_throttled 4\nthrottled_time 6\n");
        Write("cpuacct/g/cpuacct.usage", "5\n");
        Write("pids/g/pids.current", "3\n");
        Assert.Equal(
            new CgroupUsage(1000, 600, 300, 5, 3, 2000)
            {
                CacheBytes = 500, PageFaults = 7, MajorPageFaults = 2, CpuPeriods = 10, ThrottledPeriods = 4, ThrottledNanoseconds = 6, OomKills = 2,
            },
            CgroupStatistics.ReadV1(_root.FullName, "/g"));
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(_root.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!); // It is below the root.
        File.WriteAllText(path, text);
    }
}
