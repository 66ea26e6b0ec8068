using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Resources;

/// <summary>
/// Translates documents between one version of a resource and the version that is stored. Both ways take the document
/// over and may change it; what only one version can say travels in annotations, so that a round trip loses nothing.
/// </summary>
internal interface IVersionConverter
{
    /// <summary>From the client's version, with that version's own defaults where they differ from the stored version's.</summary>
    JsonObject ToStored(JsonObject document);

    JsonObject FromStored(JsonObject document);

    /// <summary>The stored name of a field that this version's selectors name otherwise.</summary>
    string StoredField(string field) => field;
}
