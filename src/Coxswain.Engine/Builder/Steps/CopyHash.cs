using System.Buffers.Binary;
using System.Security.Cryptography;
using Coxswain.Engine.Images;
using Coxswain.Linux;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Builder.Steps;

/// <summary>
/// Hashes the files of a COPY, from where they come or from where they were written: what the plan says of a file, and the
/// content of either place.
/// </summary>
internal sealed class CopyHash(bool keepOwners) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[256 * 1024];

    /// <param name="contentPath">The source's file, or the one it was written to.</param>
    public void Add(CopyEntry entry, string contentPath)
    {
        var status = entry.Source.Status;
        Text(entry.Destination);
        Number(status.RawMode);
        if (keepOwners)
        {
            Number(status.Uid);
            Number(status.Gid);
        }

        if (status.IsSymbolicLink)
        {
            Text(FileNodes.ReadLink(contentPath));
        }
        else if (status.IsRegular)
        {
            Content(contentPath);
        }
        else if (!status.IsDirectory)
        {
            Number(((long)status.DeviceMajor << 32) | status.DeviceMinor);
        }
    }

    public Digest Finish() => Digest.FromHash(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();

    /// <summary>With its length at the end, so that no content can look like the next entry.</summary>
    private void Content(string path)
    {
        using var file = RawFile.OpenRead(path);
        long length = 0;
        int count;
        while ((count = file.Read(_buffer)) > 0)
        {
            _hash.AppendData(_buffer, 0, count);
            length += count;
        }

        Number(length);
    }

    private void Text(string text)
    {
        var bytes = RawName.ToBytes(text);
        Number(bytes.Length);
        _hash.AppendData(bytes);
    }

    private void Number(long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _hash.AppendData(bytes);
    }
}
