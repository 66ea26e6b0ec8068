namespace Coxswain.Engine.Containers.Records;

/// <summary>Where things of containers are.</summary>
internal sealed class ContainerPaths(EngineOptions options)
{
    public string Containers { get; } = Path.Combine(options.DataDirectory, "containers");

    public string Bundles { get; } = Path.Combine(options.RunDirectory, "bundles");

    public string Execs { get; } = Path.Combine(options.RunDirectory, "execs");

    public string RuncRoot { get; } = Path.Combine(options.RunDirectory, "runc");

    public string ExitFiles { get; } = Path.Combine(options.RunDirectory, "exits");

    public string Container(string id) => Path.Combine(Containers, id);

    public string Record(string id) => Path.Combine(Containers, id, "container.json");

    public string Task(string id) => Path.Combine(Containers, id, "task.json");

    /// <summary>conmon's working directory: config.json, its sockets and FIFOs, its notes on pids and OOM kills.</summary>
    public string Bundle(string id) => Path.Combine(Bundles, id);

    public string InBundle(string id, string file) => Path.Combine(Bundles, id, file);

    /// <summary>What conmon makes when the kernel kills for memory.</summary>
    public string OomFile(string id) => InBundle(id, OomFileName);

    public const string OomFileName = "oom";

    public string Exec(string execId) => Path.Combine(Execs, execId);

    public string ExitFile(string id) => Path.Combine(ExitFiles, id);

    public string RuncState(string id) => Path.Combine(RuncRoot, id);

    /// <summary>runc's gate: the created process waits to open it for writing.</summary>
    public string StartGate(string id) => Path.Combine(RuncRoot, id, "exec.fifo");

    public void CreateDirectories()
    {
        foreach (var directory in new[] { Containers, Bundles, Execs, RuncRoot, ExitFiles })
        {
            Directory.CreateDirectory(directory);
        }
    }
}
