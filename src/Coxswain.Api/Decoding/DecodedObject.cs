using System.Text.Json.Nodes;

namespace Coxswain.Api.Decoding;

/// <summary>An object as its sender meant it, with what it should be told.</summary>
/// <param name="Document">Has the shape of its schema: unknown fields and nulls are gone, integers are <c>long</c>.</param>
/// <param name="Warnings">Unknown and duplicate fields under <see cref="FieldValidation.Warn"/>.</param>
public sealed record DecodedObject(JsonObject Document, IReadOnlyList<string> Warnings);
