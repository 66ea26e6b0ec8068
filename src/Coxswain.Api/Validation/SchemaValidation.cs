using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Validation;

/// <summary>
/// Checks a document by a structural schema: types, constraints, list types and embedded objects, in the words of the
/// validator Kubernetes uses for custom resources. What has a C# type was checked when it was decoded and is passed
/// over.
/// </summary>
public static class SchemaValidation
{
    /// <summary>Errors beyond this many are not collected: nobody reads them, and each holds a path.</summary>
    public const int MaxErrors = FieldErrors.MaxErrors;

    /// <summary>
    /// How many values may be looked at, each again for every alternative it is held against. Without alternatives a
    /// body of three megabytes stays far below; nested ones multiply.
    /// </summary>
    public const int MaxSteps = 5_000_000;

    public static IReadOnlyList<FieldError> Validate(JsonObject document, Schema schema)
    {
        if (!schema.IsStructural)
        {
            return [];
        }

        var run = new SchemaValidationRun(MaxErrors, MaxSteps);
        run.Check(document, schema, isRoot: true);
        return run.Errors;
    }

    /// <summary>Checks a value inside an object, by the schema of its field.</summary>
    internal static IReadOnlyList<FieldError> ValidateValue(JsonNode value, Schema schema)
    {
        var run = new SchemaValidationRun(MaxErrors, MaxSteps);
        run.Check(value, schema);
        return run.Errors;
    }
}
