using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Images.Layers;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Builder.Steps;

/// <summary>Everything one COPY puts into its layer, found before anything is written: what it hashes to decides whether it must.</summary>
internal sealed class CopyPlan
{
    private readonly List<CopyEntry> _entries = [];
    private readonly BuildSource _source;
    private readonly MergedTree _below;
    private readonly Dictionary<string, string> _resolved = new(StringComparer.Ordinal);

    private CopyPlan(BuildSource source, MergedTree below)
    {
        _source = source;
        _below = below;
    }

    public IReadOnlyList<CopyEntry> Entries => _entries;

    /// <param name="sources">Paths or patterns; each must find something.</param>
    /// <param name="destination">Absolute; with a slash at its end it is a directory.</param>
    /// <param name="below">What is there already.</param>
    public static CopyPlan Make(BuildSource source, IReadOnlyList<string> sources, string destination, MergedTree below)
    {
        var plan = new CopyPlan(source, below);
        var found = new List<SourceFile>();
        foreach (var pattern in sources)
        {
            var files = source.Find(pattern);
            found.AddRange(files.Count > 0
                ? files
                : throw new BuildException($"\"{pattern}\" is not in {source.Description}, or .dockerignore excludes it"));
        }

        plan.Add(found, destination);
        return plan;
    }

    public void Hash(IncrementalHash hash, CancellationToken cancellationToken)
    {
        var buffer = new byte[256 * 1024];
        foreach (var entry in _entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var status = entry.Source.Status;
            Text(hash, entry.Destination);
            Number(hash, status.RawMode);
            if (_source.KeepOwners)
            {
                Number(hash, status.Uid);
                Number(hash, status.Gid);
            }

            if (status.IsSymbolicLink)
            {
                Text(hash, FileNodes.ReadLink(entry.Source.Node.FilePath));
            }
            else if (status.IsRegular)
            {
                Number(hash, status.Size);
                Content(hash, entry.Source.Node.FilePath, buffer);
            }
            else if (!status.IsDirectory)
            {
                Number(hash, ((long)status.DeviceMajor << 32) | status.DeviceMinor);
            }
        }
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
            else
            {
                AddFile(file, isDirectory ? Join(target.Path, file.Name) : target.Path);
            }
        }
    }

    private void AddDirectory(SourceFile directory, string destination)
    {
        _entries.Add(new CopyEntry(directory, destination));
        foreach (var child in _source.Children(directory))
        {
            var path = Join(destination, child.Name);
            if (child.Node.IsDirectory)
            {
                // A link to a directory below stays: its target is filled, as when the files were copied in a running system.
                AddDirectory(child, ResolveDirectory(path));
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

    private static void Content(IncrementalHash hash, string path, byte[] buffer)
    {
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        long offset = 0;
        int count;
        while ((count = RandomAccess.Read(file, buffer, offset)) > 0)
        {
            hash.AppendData(buffer, 0, count);
            offset += count;
        }
    }

    private static void Text(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Number(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Number(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}

/// <param name="Destination">Absolute in the image, links already followed.</param>
internal sealed record CopyEntry(SourceFile Source, string Destination);
