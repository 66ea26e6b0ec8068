using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Conversion;

/// <summary>
/// Translates a resource between the version a client speaks and the version that is stored (the hub). A kind that is
/// served at one version only has none.
/// </summary>
internal interface IVersionConversion
{
    /// <summary>From the client's version to the stored one.</summary>
    JsonObject ToStored(JsonObject document);

    /// <summary>From the stored version to the client's.</summary>
    JsonObject FromStored(JsonObject document);
}
