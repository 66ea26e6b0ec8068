namespace Coxswain.Hosting;

/// <summary>What the machine must offer before a cluster can run on it.</summary>
internal static class Requirements
{
    private static readonly (string Tool, string Package)[] Tools = [("runc", "runc"), ("conmon", "conmon"), ("nft", "nftables")];

    public static void Check()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new CommandFailure("a cluster needs root for namespaces, mounts and nftables; run it with sudo");
        }

        var missing = Tools.Where(tool => !IsOnPath(tool.Tool)).Select(tool => tool.Package).ToList();
        if (missing.Count > 0)
        {
            throw new CommandFailure($"missing: {string.Join(", ", missing)}; install with: apt-get install {string.Join(' ', missing)}");
        }
    }

    private static bool IsOnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin")
            .Any(directory => File.Exists(Path.Combine(directory, tool)));
}
