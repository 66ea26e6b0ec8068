using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Layers;

/// <summary>Copies files between layers with all that belongs to them: owner, mode, attributes, times.</summary>
internal static class LayerFiles
{
    /// <summary>Gives a directory or file the owner, mode, attributes and times of another.</summary>
    public static void CopyMetadata(string from, FileStatus status, string to)
    {
        FileMetadata.ChangeOwner(to, status.Uid, status.Gid);
        if (!status.IsSymbolicLink)
        {
            FileMetadata.ChangeMode(to, status.Permissions);
        }

        foreach (var name in ExtendedAttributes.List(from))
        {
            // Overlayfs' own marks speak of the layer they were made in.
            if (!name.StartsWith(Whiteouts.OverlayPrefix, StringComparison.Ordinal)
                && ExtendedAttributes.TryGet(from, name) is { } value)
            {
                ExtendedAttributes.Set(to, name, value);
            }
        }

        FileMetadata.SetModified(to, status.ModifiedSeconds, status.ModifiedNanoseconds);
    }

    /// <summary>Copies one file that is not a directory, with all its metadata, to a place where nothing is.</summary>
    public static void CopyEntry(string from, FileStatus status, string to)
    {
        if (status.IsRegular)
        {
            RawFile.Copy(from, to, status.Permissions);
        }
        else if (status.IsSymbolicLink)
        {
            FileNodes.MakeSymbolicLink(FileNodes.ReadLink(from), to);
        }
        else if (status.IsFifo)
        {
            FileNodes.MakeFifo(to, status.Permissions);
        }
        else if (status.IsCharacterDevice || status.IsBlockDevice)
        {
            FileNodes.MakeDevice(to, status.IsBlockDevice, status.Permissions, status.DeviceMajor, status.DeviceMinor);
        }
        else
        {
            return;
        }

        CopyMetadata(from, status, to);
    }
}
