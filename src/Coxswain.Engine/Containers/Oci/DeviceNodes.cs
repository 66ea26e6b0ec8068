using Coxswain.Linux.Files;

namespace Coxswain.Engine.Containers.Oci;

/// <summary>Device nodes a container gets besides the ones runc always makes.</summary>
internal static class DeviceNodes
{
    private static readonly HashSet<string> MadeByRunc = new(StringComparer.Ordinal)
    {
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console", "/dev/ptmx",
    };

    public static IReadOnlyList<(OciDevice Node, OciDeviceRule Rule)> Of(ContainerSpec spec)
    {
        var requested = spec.Devices.Select(device => (device.HostPath, device.ContainerPath, device.Permissions));
        if (spec.Privileged)
        {
            requested = requested.Concat(HostDevices().Select(path => (path, path, "rwm")));
        }

        var nodes = new Dictionary<string, (OciDevice, OciDeviceRule)>(StringComparer.Ordinal);
        foreach (var (hostPath, containerPath, permissions) in requested)
        {
            if (DeviceNode.Read(hostPath) is { } device)
            {
                var type = device.IsBlock ? "b" : "c";
                nodes.TryAdd(containerPath, (
                    new OciDevice(containerPath, type, device.Major, device.Minor, device.Permissions, device.Uid, device.Gid),
                    new OciDeviceRule(true, permissions, type, device.Major, device.Minor)));
            }
            else if (spec.Devices.Any(given => given.HostPath == hostPath))
            {
                throw new EngineException($"{hostPath} is not a device");
            }
        }

        return [.. nodes.Values];
    }

    private static IEnumerable<string> HostDevices() =>
        Directory.EnumerateFiles("/dev").Where(path => !MadeByRunc.Contains(path)).Order(StringComparer.Ordinal);
}
