using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Protobuf;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Verbs;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>The body of an HTTP request, in whichever media type it comes.</summary>
internal sealed class HttpBody(HttpRequest request, FieldValidation validation) : IRequestBody
{
    public async ValueTask<JsonObject> DecodeAsync(ObjectKind kind, Schema schema, List<string> warnings, CancellationToken cancellationToken)
    {
        if (schema.IsStructural && RequestBody.MediaType(request) == ProtobufDecoder.MediaType)
        {
            // Only kinds with facts have numbers for their fields.
            throw new KubeStatusException(Statuses.UnsupportedMediaType(["application/json", "application/yaml"]));
        }

        var body = await RequestBody.ReadAsync(request, cancellationToken);
        return RequestBody.Decode(request, body, kind, schema, validation, warnings);
    }
}
