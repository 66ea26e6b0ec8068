using System.Globalization;
using System.Text.Json;
using Coxswain.Engine.Containers.Records;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Tasks;

/// <summary>
/// Starts conmon, which daemonizes, has runc create the container, writes its log and, at its end, its exit code. It
/// belongs to no process of ours, so it and the container outlive us.
/// </summary>
internal sealed class Conmon(EngineOptions options, ContainerPaths paths, IProcessRunner processes)
{
    private const int SyncFile = 3;

    private readonly Lazy<string> _runc = new(() => Executable.Find(options.RuncPath));

    /// <summary>Creates the container of a bundle that holds its config.json; returns its first process' id.</summary>
    public async Task<int> CreateAsync(string id, ContainerSpec spec, CancellationToken cancellationToken)
    {
        using var sync = new ReportPipe();
        using var errors = new AppendFile(paths.InBundle(id, "conmon.log"));
        var child = processes.Start(new ProcessSpec(options.ConmonPath, Arguments(id, spec))
        {
            ExtraEnvironment = new Dictionary<string, string> { ["_OCI_SYNCPIPE"] = SyncFile.ToString(CultureInfo.InvariantCulture) },
            InheritedFiles = [(sync.WriteEnd, SyncFile), (errors.Descriptor, 2)],
            NewSession = true,
            // It leaves a file there when the kernel kills for memory, and would hold a directory of ours.
            WorkingDirectory = paths.Bundle(id),
        });
        await using (child)
        {
            sync.CloseWriteEnd();
            // conmon itself ends at once, leaving its daemon to report.
            var report = await sync.ReadLineAsync(cancellationToken);
            var code = await child.Exited.WaitAsync(cancellationToken);
            return Parse(id, report, code, errors.Path);
        }
    }

    private static int Parse(string id, string report, int code, string errorFile)
    {
        if (report.Length == 0)
        {
            var words = File.Exists(errorFile) ? File.ReadAllText(errorFile).Trim() : "";
            throw new ContainerStartException(id, 128, $"conmon ended with code {code} and made no container: {words}");
        }

        using var json = JsonDocument.Parse(report);
        var pid = json.RootElement.GetProperty("data").GetInt32();
        if (pid > 0)
        {
            return pid;
        }

        var message = json.RootElement.TryGetProperty("message", out var text) ? text.GetString() ?? "" : "";
        throw RuncErrors.ToException(id, message);
    }

    private List<string> Arguments(string id, ContainerSpec spec)
    {
        List<string> arguments =
        [
            "--api-version", "1",
            "--cid", id,
            "--cuuid", id,
            "--name", spec.Name.Length == 0 ? id : spec.Name,
            "--runtime", _runc.Value,
            "--runtime-arg", $"--root={paths.RuncRoot}",
            "--bundle", paths.Bundle(id),
            "--container-pidfile", paths.InBundle(id, "pid"),
            "--conmon-pidfile", paths.InBundle(id, "conmon.pid"),
            "--persist-dir", paths.Bundle(id),
            "--exit-dir", paths.ExitFiles,
            "--log-path", spec.LogPath is { } log ? $"k8s-file:{log}" : "off:",
            "--log-level", "error",
            "--full-attach",
            "--no-new-keyring",
            // It would sync the log's whole file system at each exit.
            "--no-sync-log",
        ];
        if (spec.Terminal)
        {
            arguments.Add("--terminal");
        }

        if (spec.Stdin)
        {
            arguments.Add("--stdin");
            if (!spec.StdinOnce)
            {
                arguments.Add("--leave-stdin-open");
            }
        }

        return arguments;
    }
}
