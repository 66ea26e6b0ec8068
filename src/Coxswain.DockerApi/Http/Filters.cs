using System.Text.Json;
using Coxswain.Engine.Local;
using Microsoft.AspNetCore.Http;

namespace Coxswain.DockerApi.Http;

/// <summary>The filters of a list: <c>{"label":["a=b"]}</c>, or <c>{"label":{"a=b":true}}</c> as newer clients write them.</summary>
internal sealed class Filters
{
    private const int Most = 1000;

    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    public static Filters Of(HttpRequest request)
    {
        var filters = new Filters();
        if (request.Text("filters") is not { } text)
        {
            return filters;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            foreach (var filter in document.RootElement.EnumerateObject())
            {
                var values = filter.Value.ValueKind == JsonValueKind.Object
                    ? filter.Value.EnumerateObject().Where(value => value.Value.ValueKind != JsonValueKind.False).Select(value => value.Name)
                    : filter.Value.EnumerateArray().Select(value => value.GetString() ?? "");
                filters._values[filter.Name] = [.. values.Take(Most)];
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new LocalException(LocalErrorKind.Invalid, "invalid filter", exception);
        }

        return filters;
    }

    public IReadOnlyList<string> this[string name] => _values.GetValueOrDefault(name, []);

    public bool Has(string name) => _values.TryGetValue(name, out var values) && values.Count > 0;

    /// <summary>Names that a list does not know are an error: silently showing all would mislead.</summary>
    public void Check(params string[] known)
    {
        if (_values.Keys.FirstOrDefault(key => !known.Contains(key)) is { } unknown)
        {
            throw new LocalException(LocalErrorKind.Invalid, $"invalid filter '{unknown}'");
        }
    }

    /// <summary>Whether the filter is not given, or one of its values passes.</summary>
    public bool Any(string name, Func<string, bool> passes) => !Has(name) || this[name].Any(passes);

    /// <summary>All of <c>label</c> must hold and none of <c>label!</c>.</summary>
    public bool Labels(IReadOnlyDictionary<string, string> labels) =>
        this["label"].All(wanted => Matches(labels, wanted)) && !this["label!"].Any(unwanted => Matches(labels, unwanted));

    public bool? Flag(string name) => Has(name) ? this[name][0] is "true" or "1" : null;

    private static bool Matches(IReadOnlyDictionary<string, string> labels, string wanted)
    {
        var equals = wanted.IndexOf('=', StringComparison.Ordinal);
        return equals < 0
            ? labels.ContainsKey(wanted)
            : labels.TryGetValue(wanted[..equals], out var value) && value == wanted[(equals + 1)..];
    }
}
