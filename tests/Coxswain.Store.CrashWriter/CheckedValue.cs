using System.Security.Cryptography;
using System.Text;

namespace Coxswain.Store.CrashWriter;

/// <summary>A value that knows whether it is whole: random bytes of random length, then a hash of them and the key.</summary>
public static class CheckedValue
{
    public static byte[] Make(string key, Random random)
    {
        var body = new byte[random.Next(20) == 0 ? random.Next(40_000) : random.Next(1_500)];
        random.NextBytes(body);
        return [.. body, .. Hash(key, body)];
    }

    public static bool IsWhole(string key, ReadOnlySpan<byte> value) =>
        value.Length >= SHA256.HashSizeInBytes
        && Hash(key, value[..^SHA256.HashSizeInBytes]).AsSpan().SequenceEqual(value[^SHA256.HashSizeInBytes..]);

    private static byte[] Hash(string key, ReadOnlySpan<byte> body) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes(key), .. body]);
}
