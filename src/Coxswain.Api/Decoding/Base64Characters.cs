using System.Buffers;

namespace Coxswain.Api.Decoding;

internal static class Base64Characters
{
    private static readonly SearchValues<char> Known =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    /// <summary>The place of the first character that base64 does not have; -1 when there is none.</summary>
    public static int IndexOfAnyExceptBase64(this ReadOnlySpan<char> text) => text.IndexOfAnyExcept(Known);
}
