using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Coxswain.Engine.Images;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Hashes what a step depends on into the key its result is remembered under.</summary>
internal sealed class StepKey : IDisposable
{
    public StepKey(string kind, Digest? chainId)
    {
        Add(kind);
        Add(chainId?.ToString() ?? "scratch");
    }

    /// <summary>For content that is hashed directly.</summary>
    public IncrementalHash Hash { get; } = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public StepKey Add(string text)
    {
        // With its length, so that "ab","c" is not "a","bc".
        Span<byte> length = stackalloc byte[4];
        var bytes = Encoding.UTF8.GetBytes(text);
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        Hash.AppendData(length);
        Hash.AppendData(bytes);
        return this;
    }

    public StepKey AddAll(IReadOnlyCollection<string> texts)
    {
        Add(texts.Count.ToString());
        foreach (var text in texts)
        {
            Add(text);
        }

        return this;
    }

    public Digest Finish() => Digest.FromHash(Hash.GetHashAndReset());

    public void Dispose() => Hash.Dispose();
}
