using System.Diagnostics;

namespace Coxswain.Engine.Tests.Containers;

/// <summary>A root file system made from the host's static busybox.</summary>
internal static class BusyboxLayer
{
    private static readonly Lazy<string> Made = new(Make);

    public static string Directory => Made.Value;

    private static string Make()
    {
        // By process id, so that test processes side by side do not share it; those of killed runs are swept up here.
        foreach (var old in System.IO.Directory.EnumerateDirectories(Path.GetTempPath(), "coxswain-busybox-*"))
        {
            if (!System.IO.Directory.Exists("/proc/" + old[(old.LastIndexOf('-') + 1)..]))
            {
                System.IO.Directory.Delete(old, recursive: true);
            }
        }

        var root = Path.Combine(Path.GetTempPath(), $"coxswain-busybox-{Environment.ProcessId}");
        foreach (var directory in new[] { "bin", "etc", "proc", "sys", "dev", "tmp", "home/app" })
        {
            System.IO.Directory.CreateDirectory(Path.Combine(root, directory));
        }

        var busybox = Path.Combine(root, "bin/busybox");
        File.Copy("/bin/busybox", busybox, overwrite: true);
        using var list = Process.Start(new ProcessStartInfo(busybox, "--list") { RedirectStandardOutput = true })!;
        foreach (var command in list.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (command != "busybox")
            {
                File.CreateSymbolicLink(Path.Combine(root, "bin", command), "busybox");
            }
        }

        File.WriteAllText(Path.Combine(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n");
        File.WriteAllText(Path.Combine(root, "etc/group"), "root:x:0:\napp:x:1001:\nwheel:x:10:app,other\nlogs:x:20:app\n");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(root, recursive: true);
        return root;
    }
}
