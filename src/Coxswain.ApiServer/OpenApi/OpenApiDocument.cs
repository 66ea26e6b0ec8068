namespace Coxswain.ApiServer.OpenApi;

/// <summary>A document as it is sent.</summary>
/// <param name="ContentType">As the client asked for it.</param>
/// <param name="ETag">Quoted; clients send it back to learn whether their copy is current.</param>
internal sealed record OpenApiDocument(ReadOnlyMemory<byte> Bytes, string ContentType, string ETag);
