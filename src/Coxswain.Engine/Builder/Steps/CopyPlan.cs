using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Layers;

namespace Coxswain.Engine.Builder.Steps;

/// <summary>Everything one COPY puts into its layer, found before anything is written: what it hashes to decides whether it must.</summary>
internal sealed class CopyPlan
{
    private readonly List<CopyEntry> _entries = [];
    private readonly BuildSource _source;
    private readonly MergedTree _below;
    private readonly Dictionary<string, string> _resolved = new(StringComparer.Ordinal);

    private readonly HashSet<string> _parents = new(StringComparer.Ordinal);
    private readonly CopySelection _selection;

    private CopyPlan(BuildSource source, MergedTree below, CopySelection selection)
    {
        _source = source;
        _below = below;
        _selection = selection;
    }

    public IReadOnlyList<CopyEntry> Entries => _entries;

    /// <param name="sources">Paths or patterns; each must find something.</param>
    /// <param name="destination">Absolute; with a slash at its end it is a directory.</param>
    /// <param name="below">What is there already.</param>
    public static CopyPlan Make(BuildSource source, IReadOnlyList<string> sources, string destination, MergedTree below, CopySelection? selection = null)
    {
        var plan = new CopyPlan(source, below, selection ?? CopySelection.All);
        var found = new List<SourceFile>();
        foreach (var pattern in sources)
        {
            var files = source.Find(pattern, anyDepth: plan._selection.Parents);
            if (files.Count == 0)
            {
                throw new BuildException($"\"{pattern}\" is not in {source.Description}, or .dockerignore excludes it");
            }

            if (plan._selection.Parents)
            {
                plan.AddBelowParents(files, CopySelection.PivotOf(pattern), destination);
            }

            found.AddRange(files);
        }

        if (!plan._selection.Parents)
        {
            plan.Add(found, destination);
        }

        return plan;
    }

    /// <summary>What it hashes to now. Compared with <see cref="CopyHash"/> of what was written, it tells whether files changed.</summary>
    public Digest Hash(CancellationToken cancellationToken)
    {
        using var hash = new CopyHash(_source.KeepOwners);
        foreach (var entry in _entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.Add(entry, entry.Source.Node.FilePath);
        }

        return hash.Finish();
    }

    private void Add(List<SourceFile> found, string destination)
    {
        var target = _below.Resolve(destination);
        var wantsDirectory = destination.EndsWith('/') || destination.EndsWith("/.", StringComparison.Ordinal);
        var isDirectory = wantsDirectory || target.Node is { IsDirectory: true };
        if (found.Count > 1 && !isDirectory)
        {
            throw new BuildException(
                "when using COPY with more than one source file, the destination must be a directory and end with a /");
        }

        if (wantsDirectory && target.Node is { IsDirectory: false })
        {
            throw new BuildException($"{target.Path} is a file, not a directory");
        }

        foreach (var file in found)
        {
            if (file.Node.IsDirectory)
            {
                if (target.Node is { IsDirectory: false })
                {
                    throw new BuildException($"cannot copy directory {file.Path} over file {target.Path}");
                }

                AddDirectory(file, target.Path);
            }
            else if (!_selection.IsExcluded(file.Name))
            {
                AddFile(file, isDirectory ? Join(target.Path, file.Name) : target.Path);
            }
        }
    }

    /// <summary>Puts each source below the directories it is named with, which are made like the source's own.</summary>
    private void AddBelowParents(IReadOnlyList<SourceFile> found, int pivot, string destination)
    {
        var root = _below.Resolve(destination);
        if (root.Node is { IsDirectory: false })
        {
            throw new BuildException($"{root.Path} is a file, not a directory");
        }

        foreach (var file in found)
        {
            var parts = file.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
            var place = root.Path;
            for (var i = Math.Min(pivot, parts.Length - 1); i < parts.Length - 1; i++)
            {
                place = ResolveDirectory(Join(place, parts[i]));
                if (_parents.Add(place) && _source.FindExactly(string.Join('/', parts[..(i + 1)])) is { } parent)
                {
                    _entries.Add(new CopyEntry(parent, place));
                }
            }

            var target = parts.Length == 0 ? place : Join(place, parts[^1]);
            if (file.Node.IsDirectory)
            {
                AddDirectory(file, ResolveDirectory(target));
            }
            else if (!_selection.IsExcluded(file.Name))
            {
                AddFile(file, target);
            }
        }
    }

    private void AddDirectory(SourceFile directory, string destination, string relative = "")
    {
        _entries.Add(new CopyEntry(directory, destination));
        foreach (var child in _source.Children(directory))
        {
            var below = relative.Length == 0 ? child.Name : $"{relative}/{child.Name}";
            if (_selection.IsExcluded(below))
            {
                continue;
            }

            var path = Join(destination, child.Name);
            if (child.Node.IsDirectory)
            {
                // A link to a directory below stays: its target is filled, as when the files were copied in a running system.
                AddDirectory(child, ResolveDirectory(path), below);
            }
            else
            {
                AddFile(child, path);
            }
        }
    }

    private void AddFile(SourceFile file, string destination)
    {
        if (destination == "/")
        {
            throw new BuildException($"cannot copy file {file.Path} over the root directory");
        }

        if (_below.Find(destination, followLast: false) is { IsDirectory: true })
        {
            throw new BuildException($"cannot copy file {file.Path} over directory {destination}");
        }

        _entries.Add(new CopyEntry(file, destination));
    }

    private string ResolveDirectory(string path)
    {
        if (!_resolved.TryGetValue(path, out var resolved))
        {
            var below = _below.Resolve(path);
            resolved = below.Node is null or { IsDirectory: true }
                ? below.Path
                : throw new BuildException($"cannot copy a directory over file {path}");
            _resolved.Add(path, resolved);
        }

        return resolved;
    }

    private static string Join(string directory, string name) => directory == "/" ? "/" + name : $"{directory}/{name}";
}

/// <param name="Destination">Absolute in the image, links already followed.</param>
internal sealed record CopyEntry(SourceFile Source, string Destination);
