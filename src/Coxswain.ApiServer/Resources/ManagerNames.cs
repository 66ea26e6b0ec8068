using Coxswain.Api.Errors;

namespace Coxswain.ApiServer.Resources;

/// <summary>The names under which writers own fields.</summary>
internal static class ManagerNames
{
    public const int MaxLength = 128;

    /// <summary>Under which the server makes what every cluster has.</summary>
    public const string Server = "kube-apiserver";

    private const string Unknown = "unknown";

    /// <summary>A program's name, from its User-Agent: what stands before the first slash and can be printed.</summary>
    public static string OfProgram(string userAgent)
    {
        var name = userAgent.AsSpan();
        var slash = name.IndexOf('/');
        name = slash < 0 ? name : name[..slash];
        var length = 0;
        while (length < name.Length && length < MaxLength && IsPrintable(name[length]))
        {
            length++;
        }

        return length == 0 ? Unknown : length == userAgent.Length ? userAgent : name[..length].ToString();
    }

    /// <summary>What is wrong with a name that a request gives.</summary>
    public static IEnumerable<FieldError> Check(string name)
    {
        if (name.Length > MaxLength)
        {
            yield return FieldError.TooLong("fieldManager", MaxLength);
        }

        for (var i = 0; i < name.Length; i++)
        {
            if (!IsPrintable(name[i]))
            {
                yield return FieldError.Invalid("fieldManager", name, $"invalid character U+{(int)name[i]:X4} (at position {i})");
                yield break;
            }
        }
    }

    private static bool IsPrintable(char character) =>
        character == ' ' || !(char.IsControl(character) || char.IsWhiteSpace(character) || char.IsSurrogate(character));
}
