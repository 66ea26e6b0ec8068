namespace Coxswain.ApiServer.OpenApi;

/// <summary>The OpenAPI descriptions of what is served: <c>/openapi/v2</c> and <c>/openapi/v3...</c>.</summary>
public interface IOpenApiDocuments
{
    /// <param name="path">The request's path, beginning with <c>/openapi/</c>.</param>
    /// <param name="accept">The request's Accept header.</param>
    /// <returns>Null when there is no such document.</returns>
    OpenApiDocument? Find(string path, string accept);
}

/// <param name="ContentType">As the client asked for it.</param>
/// <param name="ETag">Quoted; clients send it back to learn whether their copy is current.</param>
public sealed record OpenApiDocument(ReadOnlyMemory<byte> Bytes, string ContentType, string ETag);
