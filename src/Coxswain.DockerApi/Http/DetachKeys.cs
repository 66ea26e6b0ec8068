using Coxswain.Engine.Local;

namespace Coxswain.DockerApi.Http;

/// <summary>Watches what is typed for the keys that let go of a terminal.</summary>
internal sealed class DetachKeys
{
    private readonly byte[] _keys;
    private int _matched;

    /// <param name="text">As <c>ctrl-p,ctrl-q</c>; null for just that.</param>
    public DetachKeys(string? text) => _keys = [.. (text is { Length: > 0 } ? text : "ctrl-p,ctrl-q").Split(',').Select(Key)];

    /// <summary>What goes on to the container; <paramref name="detached"/> once the keys were typed.</summary>
    public byte[] Pass(ReadOnlySpan<byte> typed, out bool detached)
    {
        detached = false;
        var passed = new List<byte>(typed.Length);
        foreach (var key in typed)
        {
            if (key == _keys[_matched])
            {
                if (++_matched == _keys.Length)
                {
                    detached = true;
                    break;
                }

                continue;
            }

            // Not them after all.
            passed.AddRange(_keys.AsSpan(0, _matched));
            _matched = key == _keys[0] ? 1 : 0;
            if (_matched == 0)
            {
                passed.Add(key);
            }
        }

        return [.. passed];
    }

    private static byte Key(string text) =>
        text.Length == 1 ? (byte)text[0]
        : text.StartsWith("ctrl-", StringComparison.Ordinal) && text.Length == 6 && text[5] is (>= '@' and <= '_') or (>= 'a' and <= 'z')
            ? (byte)(char.ToUpperInvariant(text[5]) - '@')
        : throw new LocalException(LocalErrorKind.Invalid, $"Invalid detach keys ({text}) provided");
}
