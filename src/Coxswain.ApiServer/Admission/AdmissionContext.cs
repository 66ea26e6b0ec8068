using System.Text.Json.Nodes;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission;

/// <summary>What a plug-in sees of a write.</summary>
/// <param name="Operation">CREATE, UPDATE, DELETE or CONNECT, as webhooks know them.</param>
/// <param name="Document">The object to be written; null for a delete.</param>
/// <param name="Old">The object that stands now; null for a create. Not to be changed.</param>
internal sealed record AdmissionContext(ApiRequest Request, AdmissionOperation Operation, JsonObject? Document, JsonObject? Old)
{
    /// <summary>Whether this writes objects of the given kind themselves, not a subresource.</summary>
    public bool Is(string apiGroup, string plural) =>
        Request.Subresource.Length == 0 && Request.Resource.Resource.Group == apiGroup && Request.Resource.Resource.Plural == plural;
}

internal enum AdmissionOperation
{
    Create,
    Update,
    Delete,
    Connect,
}
