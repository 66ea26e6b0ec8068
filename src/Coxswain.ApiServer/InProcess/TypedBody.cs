using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Verbs;

namespace Coxswain.ApiServer.InProcess;

/// <summary>A typed object of a part of this process.</summary>
internal sealed class TypedBody(IKubeType value) : IRequestBody
{
    public ValueTask<JsonObject> DecodeAsync(ObjectKind kind, Schema schema, List<string> warnings, CancellationToken cancellationToken)
    {
        if (schema.IsStructural)
        {
            // What a type made of JSON carries was not held against the schema yet.
            return ValueTask.FromResult(ObjectDecoder.Decode(KubeJson.Serialize(value), kind, schema, FieldValidation.Ignore).Document);
        }

        var document = Document.Of(value);
        document["kind"] = kind.Kind;
        document["apiVersion"] = kind.ApiVersion;
        return ValueTask.FromResult(document);
    }
}
