using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Schemata;

namespace Coxswain.ApiServer.Verbs;

/// <summary>What a request carries. It is read and decoded only after the request was authorized.</summary>
internal interface IRequestBody
{
    /// <summary>The document of a kind, which is the caller's to change.</summary>
    /// <exception cref="KubeStatusException">The body is not such a document.</exception>
    ValueTask<JsonObject> DecodeAsync(ObjectKind kind, Schema schema, List<string> warnings, CancellationToken cancellationToken);
}
