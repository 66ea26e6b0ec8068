namespace Coxswain.ApiServer.OpenApi;

/// <summary>Where the two versions of OpenAPI differ for the same schema.</summary>
/// <param name="ReferencePrefix">What a definition's name follows in <c>$ref</c>.</param>
/// <param name="Version3">Enumerations, unions of types and parameters with schemas exist.</param>
internal sealed record OpenApiDialect(string ReferencePrefix, bool Version3)
{
    public static readonly OpenApiDialect V2 = new("#/definitions/", Version3: false);
    public static readonly OpenApiDialect V3 = new("#/components/schemas/", Version3: true);
}
