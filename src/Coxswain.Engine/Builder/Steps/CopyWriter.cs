using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Layers;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Builder.Steps;

/// <summary>Carries out a <see cref="CopyPlan"/>.</summary>
internal sealed class CopyWriter(LayerWriter layer, bool keepOwners, Ownership? owner, uint? mode)
{
    /// <summary>Returns what the plan would hash to with the content that was written.</summary>
    public Digest Write(CopyPlan plan, CancellationToken cancellationToken)
    {
        using var hash = new CopyHash(keepOwners);
        var directories = new List<(string Path, FileStatus Status)>();
        foreach (var entry in plan.Entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var status = entry.Source.Status;
            if (status.IsDirectory)
            {
                if (WriteDirectory(entry) is { } made)
                {
                    directories.Add((made, status));
                }

                hash.Add(entry, "");
            }
            else
            {
                // At once: a later entry may take its place.
                hash.Add(entry, WriteFile(entry, status));
            }
        }

        // Filling a directory changes its time.
        foreach (var (path, status) in directories)
        {
            FileMetadata.SetModified(path, status.ModifiedSeconds, 0);
        }

        return hash.Finish();
    }

    /// <summary>A directory that is there already keeps its owner and mode; returns the place of one that was made.</summary>
    private string? WriteDirectory(CopyEntry entry)
    {
        if (entry.Destination == "/" || layer.FindBelow(entry.Destination) is { IsDirectory: true })
        {
            return null;
        }

        var path = layer.Place(entry.Destination);
        layer.MakeDirectory(path);
        Apply(path, entry, entry.Source.Status);
        return path;
    }

    private string WriteFile(CopyEntry entry, FileStatus status)
    {
        var path = layer.Place(entry.Destination);
        layer.Clear(path);
        LayerFiles.CopyEntry(entry.Source.Node.FilePath, status, path);
        if (FileStatus.TryRead(path) is not null)
        {
            Apply(path, entry, status);
        }

        return path;
    }

    private void Apply(string path, CopyEntry entry, FileStatus status)
    {
        var (uid, gid) = owner is { } given ? (given.Uid, given.Gid) : keepOwners ? (status.Uid, status.Gid) : (0u, 0u);
        FileMetadata.ChangeOwner(path, uid, gid);
        if (!status.IsSymbolicLink)
        {
            // After the owner, whose change takes set-uid bits away.
            FileMetadata.ChangeMode(path, mode ?? status.Permissions);
        }

        if (keepOwners && status.IsRegular)
        {
            foreach (var name in ExtendedAttributes.List(entry.Source.Node.FilePath))
            {
                // Capabilities, too, go with a change of owner.
                if (name == "security.capability" && ExtendedAttributes.TryGet(entry.Source.Node.FilePath, name) is { } value)
                {
                    ExtendedAttributes.Set(path, name, value);
                }
            }
        }

        FileMetadata.SetModified(path, status.ModifiedSeconds, 0);
    }
}

/// <summary>Who files belong to.</summary>
internal readonly record struct Ownership(uint Uid, uint Gid);
