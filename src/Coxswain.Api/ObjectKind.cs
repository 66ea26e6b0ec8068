using System.Text.Json;

namespace Coxswain.Api;

/// <summary>The <c>apiVersion</c> and <c>kind</c> that open every object.</summary>
/// <param name="ApiVersion"><c>v1</c> for the core group, otherwise <c>group/version</c>.</param>
public sealed record ObjectKind(string ApiVersion, string Kind)
{
    /// <summary>The group; empty for the core group.</summary>
    public string Group => ApiVersion.IndexOf('/') is >= 0 and var slash ? ApiVersion[..slash] : "";

    public string Version => ApiVersion[(ApiVersion.IndexOf('/') + 1)..];

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("kind"u8, Kind);
        writer.WriteString("apiVersion"u8, ApiVersion);
    }

    public override string ToString() => $"{ApiVersion}, Kind={Kind}";
}
