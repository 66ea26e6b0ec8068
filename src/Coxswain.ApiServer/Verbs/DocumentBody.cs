using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Schemata;

namespace Coxswain.ApiServer.Verbs;

/// <summary>A document that a part of this process made; it is given over.</summary>
internal sealed class DocumentBody(JsonObject document) : IRequestBody
{
    public ValueTask<JsonObject> DecodeAsync(ObjectKind kind, Schema schema, List<string> warnings, CancellationToken cancellationToken)
    {
        document["kind"] = kind.Kind;
        document["apiVersion"] = kind.ApiVersion;
        return ValueTask.FromResult(document);
    }
}
