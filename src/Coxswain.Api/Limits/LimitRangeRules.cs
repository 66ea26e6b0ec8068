using System.Globalization;
using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.Api.Pods;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Limits;

/// <summary>
/// What the LimitRanges of a namespace fill in and ask of Pods and claims. See
/// https://kubernetes.io/docs/concepts/policy/limit-range/.
/// </summary>
public static class LimitRangeRules
{
    private const string Annotation = "kubernetes.io/limit-ranger";

    /// <summary>Gives containers the requests and limits they do not state.</summary>
    /// <returns>Whether anything was given.</returns>
    public static bool Default(JsonObject pod, IEnumerable<LimitRangeItem> limits)
    {
        var said = new List<string>();
        foreach (var limit in limits.Where(limit => limit.Type == "Container"))
        {
            foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
            {
                foreach (var container in (pod.Object("spec")?.Array(list) ?? []).OfType<JsonObject>())
                {
                    var kind = list == "containers" ? "container" : "init container";
                    Fill(container, "requests", limit.DefaultRequest, "request", kind, said);
                    Fill(container, "limits", limit.Default, "limit", kind, said);
                }
            }
        }

        if (said.Count > 0)
        {
            pod.ObjectOrNew("metadata").ObjectOrNew("annotations")[Annotation] = "LimitRanger plugin set: " + string.Join("; ", said);
        }

        return said.Count > 0;
    }

    /// <summary>What a Pod breaks.</summary>
    public static IReadOnlyList<string> Check(PodSpec spec, IEnumerable<LimitRangeItem> limits)
    {
        var errors = new List<string>();
        foreach (var limit in limits)
        {
            if (limit.Type == "Container")
            {
                foreach (var container in spec.Containers.Concat(spec.InitContainers))
                {
                    Check(errors, limit, container.Resources.Requests, container.Resources.Limits);
                }
            }
            else if (limit.Type == "Pod")
            {
                Check(errors, limit, PodRequests.Of(spec), PodRequests.LimitsOf(spec));
            }
        }

        return errors;
    }

    /// <summary>What a claim breaks.</summary>
    public static IReadOnlyList<string> Check(PersistentVolumeClaimSpec spec, IEnumerable<LimitRangeItem> limits)
    {
        var errors = new List<string>();
        foreach (var limit in limits.Where(limit => limit.Type == "PersistentVolumeClaim"))
        {
            foreach (var (name, least) in limit.Min)
            {
                CheckRequest(errors, "minimum", name, limit.Type, least, spec.Resources.Requests, (asked, bound) => asked < bound);
            }

            foreach (var (name, most) in limit.Max)
            {
                CheckRequest(errors, "maximum", name, limit.Type, most, spec.Resources.Requests, (asked, bound) => asked > bound);
            }
        }

        return errors;
    }

    private static void Fill(
        JsonObject container, string field, IReadOnlyDictionary<string, Quantity> defaults, string word, string kind, List<string> said)
    {
        var given = new List<string>();
        foreach (var (name, amount) in defaults.OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            var amounts = container.ObjectOrNew("resources").ObjectOrNew(field);
            if (!amounts.ContainsKey(name))
            {
                amounts[name] = amount.ToString();
                given.Add(name);
            }
        }

        if (given.Count > 0)
        {
            said.Add($"{string.Join(", ", given)} {word} for {kind} {container.Text("name")}");
        }
    }

    private static void Check(
        List<string> errors, LimitRangeItem limit, IReadOnlyDictionary<string, Quantity> requests, IReadOnlyDictionary<string, Quantity> limits)
    {
        foreach (var (name, least) in limit.Min)
        {
            CheckRequest(errors, "minimum", name, limit.Type, least, requests, (asked, bound) => asked < bound);
            if (limits.TryGetValue(name, out var most) && most < least)
            {
                errors.Add($"minimum {name} usage per {limit.Type} is {least}, but limit is {most}");
            }
        }

        foreach (var (name, most) in limit.Max)
        {
            if (!limits.TryGetValue(name, out var stated))
            {
                errors.Add($"maximum {name} usage per {limit.Type} is {most}.  No limit is specified");
            }
            else if (stated > most)
            {
                errors.Add($"maximum {name} usage per {limit.Type} is {most}, but limit is {stated}");
            }

            if (requests.TryGetValue(name, out var request) && request > most)
            {
                errors.Add($"maximum {name} usage per {limit.Type} is {most}, but request is {request}");
            }
        }

        foreach (var (name, ratio) in limit.MaxLimitRequestRatio)
        {
            CheckRatio(errors, limit.Type, name, ratio, requests, limits);
        }
    }

    private static void CheckRequest(
        List<string> errors, string word, string name, string type, Quantity bound, IReadOnlyDictionary<string, Quantity> requests,
        Func<Quantity, Quantity, bool> breaks)
    {
        if (!requests.TryGetValue(name, out var asked))
        {
            errors.Add($"{word} {name} usage per {type} is {bound}.  No request is specified");
        }
        else if (breaks(asked, bound))
        {
            errors.Add($"{word} {name} usage per {type} is {bound}, but request is {asked}");
        }
    }

    private static void CheckRatio(
        List<string> errors, string type, string name, Quantity ratio, IReadOnlyDictionary<string, Quantity> requests,
        IReadOnlyDictionary<string, Quantity> limits)
    {
        if (!requests.TryGetValue(name, out var request) || request.IsZero)
        {
            errors.Add($"{name} max limit to request ratio per {type} is {ratio}, but no request is specified or request is 0");
        }
        else if (!limits.TryGetValue(name, out var most) || most.IsZero)
        {
            errors.Add($"{name} max limit to request ratio per {type} is {ratio}, but no limit is specified or limit is 0");
        }
        else if (Number(most) / Number(request) > Number(ratio))
        {
            errors.Add(string.Create(
                CultureInfo.InvariantCulture, $"{name} max limit to request ratio per {type} is {ratio}, but provided ratio is {Number(most) / Number(request):F6}"));
        }
    }

    private static double Number(Quantity quantity) => (double)quantity.Value;
}
