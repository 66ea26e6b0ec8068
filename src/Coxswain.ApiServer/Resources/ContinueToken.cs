using System.Text;
using System.Text.Json;
using Coxswain.Api.Errors;

namespace Coxswain.ApiServer.Resources;

/// <summary>Where the next page of a list begins: opaque to clients.</summary>
/// <param name="Revision">The snapshot of the first page; -1 to go on with whatever is newest.</param>
/// <param name="StartAfter">The last key of the page before, relative to the resource's prefix.</param>
internal readonly record struct ContinueToken(long Revision, string StartAfter)
{
    private const int Format = 1;

    public string Encode() =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new object[] { Format, Revision, StartAfter })))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <exception cref="KubeStatusException">The text is not a token of this server's.</exception>
    public static ContinueToken Decode(string token)
    {
        try
        {
            var base64 = token.Replace('-', '+').Replace('_', '/');
            using var parts = JsonDocument.Parse(Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '=')));
            if (parts.RootElement[0].GetInt32() == Format)
            {
                return new ContinueToken(parts.RootElement[1].GetInt64(), parts.RootElement[2].GetString() ?? "");
            }
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
        }

        throw new KubeStatusException(Statuses.BadRequest("continue key is not valid: the token is not one of this server's"));
    }
}
