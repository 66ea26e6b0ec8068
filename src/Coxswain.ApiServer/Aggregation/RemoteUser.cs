using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Aggregation;

/// <summary>Tells an aggregated server who asks, in the headers that kube-system/extension-apiserver-authentication names.</summary>
internal static class RemoteUser
{
    public const string NameHeader = "X-Remote-User";
    public const string UidHeader = "X-Remote-Uid";
    public const string GroupHeader = "X-Remote-Group";
    public const string ExtraPrefix = "X-Remote-Extra-";

    /// <summary>Whether clients may not send the header themselves.</summary>
    public static bool IsReserved(string header) => header.StartsWith("X-Remote-", StringComparison.OrdinalIgnoreCase);

    public static void Name(HttpRequestMessage message, User user)
    {
        message.Headers.TryAddWithoutValidation(NameHeader, user.Name);
        foreach (var member in user.Groups)
        {
            message.Headers.TryAddWithoutValidation(GroupHeader, member);
        }

        if (user.Uid.Length > 0)
        {
            message.Headers.TryAddWithoutValidation(UidHeader, user.Uid);
        }

        foreach (var (key, values) in user.Extra)
        {
            foreach (var value in values)
            {
                message.Headers.TryAddWithoutValidation(ExtraPrefix + Uri.EscapeDataString(key), value);
            }
        }
    }
}
