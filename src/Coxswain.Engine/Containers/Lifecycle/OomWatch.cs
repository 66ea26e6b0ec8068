using Coxswain.Engine.Containers.Records;

namespace Coxswain.Engine.Containers.Lifecycle;

/// <summary>Sees the files that conmon leaves in bundles when the kernel kills for memory.</summary>
internal sealed class OomWatch : IDisposable
{
    private readonly FileSystemWatcher _watcher;

    /// <param name="happened">Is given the id of the container.</param>
    public OomWatch(ContainerPaths paths, Action<string> happened)
    {
        // A lost notification is made up for at the end of the task, when its file is looked for.
        _watcher = new FileSystemWatcher(paths.Bundles, ContainerPaths.OomFileName)
        {
            IncludeSubdirectories = true,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName,
        };
        _watcher.Created += (_, file) => happened(Path.GetFileName(Path.GetDirectoryName(file.FullPath)!)); // It is in a bundle.
        _watcher.EnableRaisingEvents = true;
    }

    public void Dispose() => _watcher.Dispose();
}
