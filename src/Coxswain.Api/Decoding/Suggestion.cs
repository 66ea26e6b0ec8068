using System.Collections.Frozen;

namespace Coxswain.Api.Decoding;

/// <summary>The known name a mistyped one was meant to be.</summary>
internal static class Suggestion
{
    /// <summary>No field's name is longer, so a longer one was not meant to be any.</summary>
    private const int MaxLength = 128;

    /// <summary>What Docker and compose call a field, and other words people come with.</summary>
    private static readonly FrozenDictionary<string, string[]> Synonyms = new Dictionary<string, string[]>
    {
        ["cmd"] = ["args"],
        ["containername"] = ["name"],
        ["cpus"] = ["cpu"],
        ["domainname"] = ["subdomain"],
        ["entrypoint"] = ["command"],
        ["environment"] = ["env"],
        ["envfile"] = ["envFrom"],
        ["environmentfrom"] = ["envFrom"],
        ["expose"] = ["ports"],
        ["extrahosts"] = ["hostAliases"],
        ["groupadd"] = ["supplementalGroups"],
        ["healthcheck"] = ["livenessProbe"],
        ["memlimit"] = ["memory"],
        ["mounts"] = ["volumeMounts"],
        ["pullpolicy"] = ["imagePullPolicy"],
        ["pullsecrets"] = ["imagePullSecrets"],
        ["readonly"] = ["readOnlyRootFilesystem", "readOnly"],
        ["replicacount"] = ["replicas"],
        ["restart"] = ["restartPolicy"],
        ["scale"] = ["replicas"],
        ["selectors"] = ["selector", "nodeSelector"],
        ["stopgraceperiod"] = ["terminationGracePeriodSeconds"],
        ["stopsignal"] = ["lifecycle"],
        ["targetports"] = ["targetPort"],
        ["user"] = ["runAsUser"],
        ["volumes"] = ["volumeMounts"],
        ["volumesfrom"] = ["volumeMounts"],
        ["workdir"] = ["workingDir"],
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static string? For(string name, IReadOnlyCollection<string> known)
    {
        if (name.Length > MaxLength)
        {
            return null;
        }

        // image_pull_policy is imagePullPolicy, written as elsewhere.
        var words = name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
        if (words.Length < name.Length
            && known.FirstOrDefault(
                candidate => candidate.Equals(words, StringComparison.OrdinalIgnoreCase)) is { } same)
        {
            return same;
        }

        return Synonyms.TryGetValue(words, out var meant)
            && meant.FirstOrDefault(known.Contains) is { } synonym ? synonym : Nearest(name, known);
    }

    private static string? Nearest(string name, IReadOnlyCollection<string> known)
    {
        // One slip in a short name, two in a longer one; more is guessing.
        var bound = name.Length < 3 ? 0 : name.Length < 6 ? 1 : 2;
        string? best = null;
        var bestDistance = bound + 1;
        foreach (var candidate in known)
        {
            var distance = name.Equals(candidate, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(name, candidate, bestDistance);
            if (distance < bestDistance)
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that turn one into the other, or the bound.</summary>
    private static int Distance(string left, string right, int bound)
    {
        if (Math.Abs(left.Length - right.Length) >= bound || right.Length > 128)
        {
            return bound;
        }

        Span<int> before = stackalloc int[right.Length + 1];
        Span<int> previous = stackalloc int[right.Length + 1];
        Span<int> current = stackalloc int[right.Length + 1];
        for (var j = 0; j <= right.Length; j++)
        {
            previous[j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var same = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]);
                var cost = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), previous[j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    cost = Math.Min(cost, before[j - 2] + 1);
                }

                current[j] = cost;
            }

            previous.CopyTo(before);
            current.CopyTo(previous);
        }

        return previous[right.Length];
    }
}
