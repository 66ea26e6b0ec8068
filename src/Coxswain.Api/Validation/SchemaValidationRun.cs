using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Validation;

/// <summary>One walk over a document and its schema.</summary>
internal sealed class SchemaValidationRun(int maxErrors, int maxSteps)
{
    /// <summary>The field of errors that the validator Kubernetes uses ties to none.</summary>
    private const string NoField = "<nil>";

    /// <summary>How much text is looked at in the time of another step.</summary>
    private const int CharactersPerStep = 64;

    private readonly FieldPath _path = new();
    private readonly List<FieldError> _errors = [];
    private int _steps;
    private bool _isExhausted;

    /// <summary>Inside alternatives errors are only counted.</summary>
    private int _silent;
    private int _silentErrors;

    public IReadOnlyList<FieldError> Errors => _errors;

    private bool IsDone => _isExhausted || _errors.Count >= maxErrors || (_silent > 0 && _silentErrors > 0);

    public void Check(JsonNode? value, Schema schema, bool isRoot = false)
    {
        if (IsDone)
        {
            return;
        }

        if (!Spend(1) || !schema.IsStructural || (value is null && schema.Nullable))
        {
            return;
        }

        if (!schema.IsAlternative && TypeOf(value) is var found && !Fits(found, value, schema, out var expected))
        {
            Add(new FieldError(FieldErrorType.TypeInvalid, _path.ToString(), found,
                $"{_path} in body must be of type {expected}: {FieldError.Quote(found)}"));
            return;
        }

        if (schema.Constraints is { } constraints)
        {
            CheckConstraints(value, schema, constraints);
        }

        switch (value)
        {
            case JsonObject properties:
                if (schema.EmbeddedResource && !isRoot)
                {
                    CheckEmbedded(properties);
                }

                CheckChildren(properties, schema);
                break;
            case JsonArray items when schema.Type == SchemaType.List:
                CheckItems(items, schema);
                break;
        }
    }

    private bool Spend(int steps)
    {
        _steps += steps;
        if (_steps <= maxSteps)
        {
            return true;
        }

        if (!_isExhausted)
        {
            // Whether inside an alternative or not: it must not be taken for one that does not fit.
            _isExhausted = true;
            _errors.Add(
                FieldError.Invalid(NoField, "", $"the schema needs more than {maxSteps} steps to validate the object"));
        }

        return false;
    }

    private void CheckChildren(JsonObject properties, Schema schema)
    {
        if (schema.Type is not (SchemaType.Struct or SchemaType.Map))
        {
            return;
        }

        foreach (var (name, child) in properties)
        {
            if ((schema.Type == SchemaType.Map ? schema.Item
                : schema.Field(name)?.Schema) is { IsStructural: true } childSchema)
            {
                _path.Push(name);
                Check(child, childSchema);
                _path.Pop();
            }
        }
    }

    private void CheckItems(JsonArray items, Schema schema)
    {
        var item = schema.Item!; // a list has items
        for (var i = 0; i < items.Count && !IsDone; i++)
        {
            _path.Push(i);
            Check(items[i], item);
            _path.Pop();
        }

        if (schema.ListType == ListType.Atomic)
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count && !IsDone; i++)
        {
            var key = schema.ListType == ListType.Set ? items[i] : KeyOf(items[i], schema.ListMapKeys);
            if (!seen.Add(JsonEquality.Canonical(key)))
            {
                _path.Push(i);
                Add(FieldError.Duplicate(_path.ToString(), Shown(key)));
                _path.Pop();
            }
        }
    }

    private static JsonObject KeyOf(JsonNode? item, IReadOnlyList<string> keys)
    {
        var named = new JsonObject();
        foreach (var key in keys)
        {
            if (item is JsonObject properties && properties.TryGetPropertyValue(key, out var value)
                && value is not null)
            {
                named[key] = value.DeepClone();
            }
        }

        return named;
    }

    private void CheckEmbedded(JsonObject properties)
    {
        foreach (var name in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            if (!properties.TryGetPropertyValue(name, out var value)
                || (value.TryText(out var text) && text.Length == 0))
            {
                _path.Push(name);
                Add(FieldError.Required(_path.ToString(), "must not be empty"));
                _path.Pop();
            }
        }
    }

    private void CheckConstraints(JsonNode? value, Schema schema, SchemaConstraints constraints)
    {
        if (constraints.Enum.Count > 0 && !constraints.Enum.Any(allowed => JsonEquality.Equal(allowed, value)))
        {
            Add(new FieldError(FieldErrorType.NotSupported, _path.ToString(), Shown(value),
                "supported values: " + string.Join(", ", constraints.Enum.Select(Named))));
        }

        switch (value)
        {
            case JsonObject properties:
                CheckObject(properties, constraints);
                break;
            case JsonArray items:
                CheckArray(items, constraints);
                break;
            case JsonValue when value.TryText(out var text):
                CheckText(text, constraints);
                break;
            case JsonValue when value.TryNumber(out var number):
                CheckNumber(value, number, schema, constraints);
                break;
        }

        CheckAlternatives(value, constraints);
    }

    private void CheckObject(JsonObject properties, SchemaConstraints constraints)
    {
        foreach (var name in constraints.Required)
        {
            if (!properties.ContainsKey(name))
            {
                _path.Push(name);
                Add(FieldError.Required(_path.ToString()));
                _path.Pop();
            }
        }

        if (properties.Count > constraints.MaxProperties)
        {
            Add(TooMany(properties.Count, constraints.MaxProperties.Value));
        }

        if (properties.Count < constraints.MinProperties)
        {
            Invalid(properties, $"should have at least {constraints.MinProperties} properties");
        }
    }

    private void CheckArray(JsonArray items, SchemaConstraints constraints)
    {
        if (items.Count > constraints.MaxItems)
        {
            Add(TooMany(items.Count, constraints.MaxItems.Value));
        }

        if (items.Count < constraints.MinItems)
        {
            Invalid(items, $"should have at least {constraints.MinItems} items");
        }

        if (constraints.UniqueItems
            && items.Select(JsonEquality.Canonical).Distinct(StringComparer.Ordinal).Count() < items.Count)
        {
            Invalid(items, "shouldn't contain duplicates");
        }
    }

    private void CheckText(string text, SchemaConstraints constraints)
    {
        if (constraints.MinLength is { } min && Length(text) < min)
        {
            Invalid(JsonValue.Create(text), $"should be at least {min} chars long");
        }

        if (constraints.MaxLength is { } max && Length(text) > max)
        {
            Add(new FieldError(FieldErrorType.TooLong, _path.ToString(), null, $"may not be more than {max} bytes"));
        }

        if (!Spend(text.Length / CharactersPerStep))
        {
            return;
        }

        if (constraints.Pattern is { } pattern && !pattern.IsMatch(text))
        {
            var invalid = pattern.Error.Length == 0 ? "" : $", but pattern is invalid: {pattern.Error}";
            Invalid(JsonValue.Create(text), $"should match '{pattern.Text}{invalid}'");
        }

        if (constraints.Format.Length > 0 && !StringFormats.Accepts(constraints.Format, text))
        {
            var shown = Cut(text);
            Add(new FieldError(FieldErrorType.TypeInvalid, _path.ToString(), shown,
                $"{_path} in body must be of type {constraints.Format}: {FieldError.Quote(shown)}"));
        }
    }

    private void CheckNumber(JsonNode value, double number, Schema schema, SchemaConstraints constraints)
    {
        if (constraints.Minimum is { } min && (constraints.ExclusiveMinimum ? number <= min : number < min))
        {
            Invalid(value,
                $"should be greater than {(constraints.ExclusiveMinimum ? "" : "or equal to ")}{Format(min)}");
        }

        if (constraints.Maximum is { } max && (constraints.ExclusiveMaximum ? number >= max : number > max))
        {
            Invalid(value, $"should be less than {(constraints.ExclusiveMaximum ? "" : "or equal to ")}{Format(max)}");
        }

        if (constraints.MultipleOf is { } factor && factor > 0 && !IsMultiple(value, number, factor))
        {
            Invalid(value, $"should be a multiple of {Format(factor)}");
        }

        if (schema.Type == SchemaType.Int32 && number is < int.MinValue or > int.MaxValue)
        {
            Add(FieldError.Invalid(NoField, "", $"Checked value must be of type integer with format int32 in {_path}"));
        }
    }

    private void CheckAlternatives(JsonNode? value, SchemaConstraints constraints)
    {
        if (constraints.AllOf.Count > 0)
        {
            foreach (var schema in constraints.AllOf)
            {
                Check(value, schema);
            }
        }

        if (constraints.AnyOf.Count > 0 && !constraints.AnyOf.Any(schema => IsValid(value, schema)))
        {
            NoneFits(value, constraints.AnyOf, $"\"{_path}\" must validate at least one schema (anyOf)");
        }

        if (constraints.OneOf.Count > 0)
        {
            var valid = constraints.OneOf.Count(schema => IsValid(value, schema));
            if (valid == 0)
            {
                NoneFits(value, constraints.OneOf,
                    $"\"{_path}\" must validate one and only one schema (oneOf). Found none valid");
            }
            else if (valid > 1)
            {
                Add(FieldError.Invalid(NoField, "",
                    $"\"{_path}\" must validate one and only one schema (oneOf). Found {valid} valid alternatives"));
            }
        }

        if (constraints.Not is { } not && IsValid(value, not))
        {
            Add(FieldError.Invalid(NoField, "", $"\"{_path}\" must not validate the schema (not)"));
        }
    }

    /// <summary>Says that none fits, and what the first one misses.</summary>
    private void NoneFits(JsonNode? value, IReadOnlyList<Schema> alternatives, string message)
    {
        Add(FieldError.Invalid(NoField, "", message));
        if (_silent == 0)
        {
            Check(value, alternatives[0]);
        }
    }

    private bool IsValid(JsonNode? value, Schema schema)
    {
        var before = _silentErrors;
        _silentErrors = 0;
        _silent++;
        Check(value, schema);
        _silent--;
        var valid = _silentErrors == 0;
        _silentErrors = before;
        return valid;
    }

    private void Invalid(JsonNode? value, string detail) =>
        Add(FieldError.Invalid(_path.ToString(), Shown(value), $"{_path} in body {detail}"));

    private FieldError TooMany(int actual, long max) =>
        new(FieldErrorType.TooMany, _path.ToString(), actual, $"must have at most {max} items");

    private void Add(FieldError error)
    {
        if (_silent > 0)
        {
            _silentErrors++;
        }
        else if (_errors.Count < maxErrors)
        {
            _errors.Add(error);
        }
    }

    private static bool Fits(string found, JsonNode? value, Schema schema, out string expected)
    {
        expected = schema.Type switch
        {
            SchemaType.Struct or SchemaType.Map => "object",
            SchemaType.List => "array",
            SchemaType.Boolean => "boolean",
            SchemaType.Int32 or SchemaType.Int64 => "integer",
            SchemaType.Double => "number",
            SchemaType.IntOrString => "integer,string",
            SchemaType.Raw => "",
            _ => "string",
        };
        return expected.Length == 0 || found == expected
            || (expected == "number" && found == "integer")
            || (expected == "integer,string" && found is "integer" or "string")
            || (found == "number" && expected is "integer" or "integer,string" && value.TryNumber(out var number)
                && number == Math.Floor(number) && Math.Abs(number) < long.MaxValue);
    }

    private static string TypeOf(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => value.TryInteger(out _) ? "integer" : "number",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            _ => "null",
        },
    };

    private static bool IsMultiple(JsonNode value, double number, double factor)
    {
        if (value.TryInteger(out var integer) && factor == Math.Floor(factor) && factor < long.MaxValue)
        {
            return integer % (long)factor == 0;
        }

        var times = factor < 1 ? 1 / factor * number : number / factor;
        return Math.Abs(times - Math.Round(times)) <= 1e-9 * Math.Max(1, Math.Abs(times));
    }

    private static long Length(string text)
    {
        var length = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            length++;
        }

        return length;
    }

    /// <summary>The value as an error shows it.</summary>
    private static object? Shown(JsonNode? value) =>
        value is null ? null
        : value.TryText(out var text) ? Cut(text)
        : value.TryInteger(out var integer) ? integer
        : value is JsonValue && value.TryNumber(out var number) ? number
        : new ShownJson(Cut(value.ToJsonString()));

    private static string Named(JsonNode? allowed) =>
        FieldError.Quote(allowed.TryText(out var text) ? text : allowed?.ToJsonString() ?? "null");

    private static string Cut(string text) => text.Length <= 1024 ? text : text[..1024] + "...";

    private static string Format(double number) =>
        number.ToString(CultureInfo.InvariantCulture).Replace("E+", "e+", StringComparison.Ordinal);

    private sealed record ShownJson(string Text)
    {
        public override string ToString() => Text;
    }
}
