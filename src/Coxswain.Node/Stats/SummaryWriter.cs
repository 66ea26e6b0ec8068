using System.Text.Json;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Stats;

/// <summary>All that one summary tells.</summary>
/// <param name="Rates">Of processors: by container's id, by pod's uid, and of the machine under <see cref="MachineRate"/>.</param>
/// <param name="Disks">By pod's uid; null where only processor and memory are asked for.</param>
internal sealed record Summary(
    string NodeName, MachineUsage Machine, IReadOnlyList<PodMeasurement> Pods, IReadOnlyDictionary<string, long> Rates, DiskUse Nodefs, DiskUse Imagefs,
    IReadOnlyDictionary<string, PodDisk>? Disks)
{
    public const string MachineRate = "";
}

/// <summary>Writes the kubelet's <c>/stats/summary</c>.</summary>
internal sealed class SummaryWriter(Utf8JsonWriter json, Summary summary)
{
    public void Write()
    {
        json.WriteStartObject();
        WriteNode();
        json.WriteStartArray("pods");
        foreach (var pod in summary.Pods)
        {
            WritePod(pod);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteNode()
    {
        var machine = summary.Machine;
        json.WriteStartObject("node");
        json.WriteString("nodeName", summary.NodeName);
        Time("startTime", machine.BootTime);
        WriteCpu(machine.Time, machine.CpuNanoseconds, Summary.MachineRate);
        json.WriteStartObject("memory");
        Time("time", machine.Time);
        json.WriteNumber("availableBytes", machine.MemoryAvailableBytes);
        json.WriteNumber("usageBytes", machine.MemoryUsedBytes);
        json.WriteNumber("workingSetBytes", machine.WorkingSetBytes);
        json.WriteNumber("rssBytes", machine.RssBytes);
        json.WriteNumber("pageFaults", machine.PageFaults);
        json.WriteNumber("majorPageFaults", machine.MajorPageFaults);
        json.WriteEndObject();
        if (summary.Disks is not null)
        {
            WriteNetwork(machine.Time, machine.DefaultInterface, [.. machine.Interfaces.Where(item => item.Name != "lo").Select(item => new NetworkInterfaceStats(
                item.Name, item.ReceivedBytes, item.ReceivedPackets, item.ReceiveErrors, item.ReceiveDrops, item.SentBytes, item.SentPackets,
                item.SendErrors, item.SendDrops))]);
            WriteDisk("fs", summary.Nodefs);
            json.WriteStartObject("runtime");
            WriteDisk("imageFs", summary.Imagefs);
            json.WriteEndObject();
            json.WriteStartObject("rlimit");
            Time("time", machine.Time);
            json.WriteNumber("maxpid", machine.TasksMax);
            json.WriteNumber("curproc", machine.Tasks);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private void WritePod(PodMeasurement measured)
    {
        var pod = measured.Pod;
        var disk = summary.Disks?.GetValueOrDefault(pod.Metadata.Uid);
        json.WriteStartObject();
        json.WriteStartObject("podRef");
        json.WriteString("name", pod.Metadata.Name);
        json.WriteString("namespace", pod.Metadata.Namespace);
        json.WriteString("uid", pod.Metadata.Uid);
        json.WriteEndObject();
        Time("startTime", pod.Status.StartTime ?? summary.Machine.Time);
        json.WriteStartArray("containers");
        foreach (var container in measured.Containers)
        {
            WriteContainer(container, disk?.Containers.GetValueOrDefault(container.Status.Name), disk?.Time);
        }

        json.WriteEndArray();
        if (measured.Sandbox is { } sandbox)
        {
            WriteUsage(sandbox.Usage, pod.Metadata.Uid);
            if (disk is not null && sandbox.Interfaces.Count > 0)
            {
                WriteNetwork(sandbox.Usage.Time, sandbox.Interfaces[0].Name, sandbox.Interfaces);
            }

            json.WriteStartObject("process_stats");
            json.WriteNumber("process_count", sandbox.Usage.Pids);
            json.WriteEndObject();
        }

        if (disk is not null)
        {
            WriteDisks(pod, disk);
        }

        json.WriteEndObject();
    }

    private void WriteDisks(Pod pod, PodDisk disk)
    {
        json.WriteStartArray("volume");
        foreach (var volume in disk.Volumes)
        {
            json.WriteStartObject();
            WriteDiskFields(volume.Use);
            json.WriteString("name", volume.Name);
            if (volume.Claim.Length > 0)
            {
                json.WriteStartObject("pvcRef");
                json.WriteString("name", volume.Claim);
                json.WriteString("namespace", pod.Metadata.Namespace);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteDisk("ephemeral-storage", summary.Nodefs with
        {
            Time = disk.Time,
            UsedBytes = disk.Volumes.Where(volume => volume.IsEphemeral).Sum(volume => volume.Use.UsedBytes)
                + disk.Containers.Values.Sum(container => container.WrittenBytes + container.LogBytes),
            InodesUsed = disk.Volumes.Where(volume => volume.IsEphemeral).Sum(volume => volume.Use.InodesUsed)
                + disk.Containers.Values.Sum(container => container.LogInodes),
        });
    }

    private void WriteContainer(ContainerMeasurement container, ContainerDisk? disk, DateTimeOffset? at)
    {
        json.WriteStartObject();
        json.WriteString("name", container.Status.Name);
        Time("startTime", container.Status.State.Running?.StartedAt ?? container.Stats.Time);
        WriteUsage(container.Stats, container.Id);
        if (disk is not null)
        {
            WriteDisk("rootfs", summary.Imagefs with { Time = at ?? container.Stats.Time, UsedBytes = disk.WrittenBytes, InodesUsed = 0 });
            WriteDisk("logs", summary.Nodefs with { Time = at ?? container.Stats.Time, UsedBytes = disk.LogBytes, InodesUsed = disk.LogInodes });
        }

        json.WriteEndObject();
    }

    private void WriteUsage(ContainerStats stats, string rate)
    {
        WriteCpu(stats.Time, stats.CpuNanoseconds, rate);
        json.WriteStartObject("memory");
        Time("time", stats.Time);
        if (stats.MemoryLimitBytes > 0)
        {
            json.WriteNumber("availableBytes", Math.Max(0, stats.MemoryLimitBytes - stats.WorkingSetBytes));
        }

        json.WriteNumber("usageBytes", stats.MemoryBytes);
        json.WriteNumber("workingSetBytes", stats.WorkingSetBytes);
        json.WriteNumber("rssBytes", stats.RssBytes);
        json.WriteNumber("pageFaults", stats.PageFaults);
        json.WriteNumber("majorPageFaults", stats.MajorPageFaults);
        json.WriteEndObject();
    }

    private void WriteCpu(DateTimeOffset time, long nanoseconds, string rate)
    {
        json.WriteStartObject("cpu");
        Time("time", time);
        if (summary.Rates.TryGetValue(rate, out var known))
        {
            json.WriteNumber("usageNanoCores", known);
        }

        json.WriteNumber("usageCoreNanoSeconds", nanoseconds);
        json.WriteEndObject();
    }

    private void WriteNetwork(DateTimeOffset time, string main, IReadOnlyList<NetworkInterfaceStats> interfaces)
    {
        json.WriteStartObject("network");
        Time("time", time);
        if (interfaces.FirstOrDefault(item => item.Name == main) is { } first)
        {
            WriteInterface(first);
        }

        json.WriteStartArray("interfaces");
        foreach (var item in interfaces)
        {
            json.WriteStartObject();
            WriteInterface(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteInterface(NetworkInterfaceStats item)
    {
        json.WriteString("name", item.Name);
        json.WriteNumber("rxBytes", item.ReceivedBytes);
        json.WriteNumber("rxErrors", item.ReceiveErrors);
        json.WriteNumber("txBytes", item.SentBytes);
        json.WriteNumber("txErrors", item.SendErrors);
    }

    private void WriteDisk(string name, DiskUse disk)
    {
        json.WriteStartObject(name);
        WriteDiskFields(disk);
        json.WriteEndObject();
    }

    private void WriteDiskFields(DiskUse disk)
    {
        Time("time", disk.Time);
        json.WriteNumber("availableBytes", disk.AvailableBytes);
        json.WriteNumber("capacityBytes", disk.CapacityBytes);
        json.WriteNumber("usedBytes", disk.UsedBytes);
        json.WriteNumber("inodesFree", disk.InodesFree);
        json.WriteNumber("inodes", disk.Inodes);
        json.WriteNumber("inodesUsed", disk.InodesUsed);
    }

    private void Time(string name, DateTimeOffset time) => json.WriteString(name, KubeTime.Format(time));
}
