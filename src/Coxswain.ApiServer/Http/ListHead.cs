using System.Text;
using System.Text.Encodings.Web;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Http;

/// <summary>What a list's answer begins with.</summary>
internal static class ListHead
{
    /// <summary>The metadata of a list, to be followed by its items.</summary>
    public static byte[] Of(ServedResource resource, ListPage page)
    {
        var head = new StringBuilder().Append("\"resourceVersion\":\"").Append(page.Revision).Append('"');
        if (page.Continue.Length > 0)
        {
            head.Append(",\"continue\":\"").Append(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(page.Continue)).Append('"');
        }

        if (page.Remaining is { } remaining)
        {
            head.Append(",\"remainingItemCount\":").Append(remaining);
        }

        head.Append("},\"items\":[");
        return [.. resource.ListOpening, .. Encoding.UTF8.GetBytes(head.ToString())];
    }
}
