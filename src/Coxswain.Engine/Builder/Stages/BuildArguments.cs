using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Images.Documents;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Build arguments and where they are seen: before the first FROM, in a stage that declares them, or in every RUN.</summary>
internal sealed class BuildArguments
{
    /// <summary>Known without ARG, and in neither history nor cache: they say how to get out, not what to build.</summary>
    private static readonly string[] Proxies =
    [
        "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy",
        "ALL_PROXY", "all_proxy",
    ];

    private readonly IReadOnlyDictionary<string, string> _given;
    private readonly Dictionary<string, string> _platform;
    private readonly Dictionary<string, string?> _global = new(StringComparer.Ordinal);
    private readonly HashSet<string> _consumed = new(StringComparer.Ordinal);

    public BuildArguments(Dockerfile dockerfile, IReadOnlyDictionary<string, string> given)
    {
        _given = given;
        var platform = Platform.Current;
        _platform = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["BUILDPLATFORM"] = platform.ToString(),
            ["BUILDOS"] = platform.OperatingSystem,
            ["BUILDARCH"] = platform.Architecture,
            ["BUILDVARIANT"] = "",
            ["TARGETPLATFORM"] = platform.ToString(),
            ["TARGETOS"] = platform.OperatingSystem,
            ["TARGETARCH"] = platform.Architecture,
            ["TARGETVARIANT"] = "",
        };
        foreach (var instruction in dockerfile.GlobalArguments)
        {
            var expander = new Expander(dockerfile.Escape, Global, instruction.Line);
            foreach (var argument in instruction.Arguments)
            {
                _global[argument.Name] = Given(argument.Name)
                    ?? (argument.Default is { } text ? expander.Word(text) : null);
            }
        }
    }

    /// <summary>What a FROM line sees.</summary>
    public string? Global(string name) => _global.GetValueOrDefault(name) ?? _platform.GetValueOrDefault(name);

    /// <summary>The value an ARG in a stage gets; null for none.</summary>
    public string? Declare(ArgDeclaration argument, Func<string, string> expand) =>
        Given(argument.Name)
            ?? (argument.Default is { } text ? expand(text) : null)
            ?? _global.GetValueOrDefault(argument.Name)
            ?? _platform.GetValueOrDefault(argument.Name);

    public IEnumerable<KeyValuePair<string, string>> ProxiesForRun()
    {
        foreach (var name in Proxies)
        {
            if (Given(name) is { } value)
            {
                yield return new(name, value);
            }
        }
    }

    /// <summary>What was given but never declared: most often a misspelt name.</summary>
    public IReadOnlyList<string> Unused() =>
        [.. _given.Keys.Where(name => !_consumed.Contains(name) && !Proxies.Contains(name)).Order(StringComparer.Ordinal)];

    private string? Given(string name)
    {
        if (!_given.TryGetValue(name, out var value))
        {
            return null;
        }

        _consumed.Add(name);
        return value;
    }
}
