using System.Text.Json;

namespace Coxswain.Api.Resources;

/// <summary>The facts of the Kubernetes API that are embedded in this assembly (kubernetes-api/*.json).</summary>
internal static class ApiFacts
{
    /// <summary>Every group-version file, parsed.</summary>
    public static IEnumerable<(JsonElement Facts, string Group, string Version)> Files()
    {
        foreach (var name in typeof(ApiFacts).Assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!name.Contains('_', StringComparison.Ordinal) || !name.EndsWith(".json", StringComparison.Ordinal))
            {
                continue;
            }

            using var document = Open(name);
            var facts = document.RootElement.Clone();
            yield return (facts, facts.GetProperty("group").GetString()!, facts.GetProperty("version").GetString()!);
        }
    }

    /// <summary>One file by its name.</summary>
    public static JsonDocument Open(string name)
    {
        using var stream = typeof(ApiFacts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded");
        return JsonDocument.Parse(stream);
    }
}
