using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission;

/// <summary>What a plug-in sees of a write or a connection.</summary>
/// <param name="Operation">CREATE, UPDATE, DELETE or CONNECT, as webhooks know them.</param>
/// <param name="Document">
/// What is written, of <see cref="Kind"/> and in the stored version: the object, for a subresource with a kind of its own
/// that (a Scale, a Binding, an Eviction, a TokenRequest), for a connection its options. Null for a delete.
/// </param>
/// <param name="Old">What stands now, of the same kind; null for a create and a connection. Not to be changed.</param>
internal sealed record AdmissionContext(ApiRequest Request, AdmissionOperation Operation, JsonObject? Document, JsonObject? Old)
{
    /// <summary>The kind of the documents: the resource's own, but for subresources that have another.</summary>
    public ObjectKind Kind { get; init; } = Request.Resource.Storage.Kind;

    /// <summary>What a delete was asked with (DeleteOptions); null for other operations.</summary>
    public JsonObject? Options { get; init; }

    public string Subresource => Request.Subresource;

    /// <summary>Puts other content into the document; whoever goes on holds the document itself.</summary>
    public void Replace(JsonObject content)
    {
        Document!.Clear(); // only what is written is changed
        foreach (var (name, value) in content.ToList())
        {
            content.Remove(name);
            Document[name] = value;
        }
    }

    /// <summary>Whether this writes objects of the given kind themselves, not a subresource.</summary>
    public bool Is(string apiGroup, string plural) =>
        Request.Subresource.Length == 0 && Request.Resource.Storage.Resource.Group == apiGroup && Request.Resource.Storage.Resource.Plural == plural;
}

internal enum AdmissionOperation
{
    Create,
    Update,
    Delete,
    Connect,
}
