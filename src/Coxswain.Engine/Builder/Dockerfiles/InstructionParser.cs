using System.Text.Json;
using System.Text.RegularExpressions;

namespace Coxswain.Engine.Builder.Dockerfiles;

/// <summary>From one logical line to an instruction. Everything that can be wrong without the context is found here.</summary>
internal sealed partial class InstructionParser
{
    private static readonly string[] Keywords =
    [
        "FROM", "RUN", "CMD", "LABEL", "MAINTAINER", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT", "VOLUME", "USER", "WORKDIR",
        "ARG", "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL",
    ];

    private readonly LogicalLine _line;
    private readonly char _escape;
    private readonly string _keyword;
    private readonly Dictionary<string, string> _flags = new(StringComparer.Ordinal);
    private readonly List<string> _mounts = [];
    private readonly List<string> _excludes = [];
    private string _rest;

    private InstructionParser(LogicalLine line, char escape)
    {
        _line = line;
        _escape = escape;
        (var keyword, _rest) = Words.Cut(line.Text);
        _keyword = keyword.ToUpperInvariant();
    }

    public static Instruction Parse(LogicalLine line, char escape) => new InstructionParser(line, escape).Parse();

    private Instruction Parse()
    {
        if (!Keywords.Contains(_keyword))
        {
            throw Problem(Suggestion.For(_keyword, Keywords) is { } meant
                ? $"unknown instruction: {_keyword} (did you mean {meant}?)"
                : $"unknown instruction: {_keyword}");
        }

        TakeFlags();
        if (_rest.Length == 0 && _keyword is not ("CMD" or "ENTRYPOINT" or "RUN"))
        {
            throw Problem($"{_keyword} requires at least one argument");
        }

        return _keyword switch
        {
            "FROM" => From(),
            "ARG" => new ArgInstruction(_line.Number, _line.Text, [.. Words.Split(_rest, _escape).Select(Argument)]),
            "ENV" => new EnvInstruction(_line.Number, _line.Text, Pairs()),
            "LABEL" => new LabelInstruction(_line.Number, _line.Text, Pairs()),
            "MAINTAINER" => new MaintainerInstruction(_line.Number, _line.Text, _rest),
            "RUN" => Run(),
            "COPY" or "ADD" => Copy(),
            "WORKDIR" => new WorkdirInstruction(_line.Number, _line.Text, _rest),
            "USER" => new UserInstruction(_line.Number, _line.Text, _rest),
            "EXPOSE" => new ExposeInstruction(_line.Number, _line.Text, Words.SplitPlain(_rest)),
            "VOLUME" => Volume(),
            "CMD" => new CmdInstruction(_line.Number, _line.Text, Command(_rest)),
            "ENTRYPOINT" => new EntrypointInstruction(_line.Number, _line.Text, Command(_rest)),
            "SHELL" => Shell(),
            "STOPSIGNAL" => new StopSignalInstruction(_line.Number, _line.Text, _rest),
            "HEALTHCHECK" => HealthCheck(),
            _ => OnBuild(),
        };
    }

    private void TakeFlags()
    {
        string[] known = _keyword switch
        {
            "FROM" => ["platform"],
            "RUN" => ["mount", "network", "security"],
            "COPY" => ["from", "chown", "chmod", "link", "parents", "exclude"],
            "ADD" => ["chown", "chmod", "link", "checksum", "exclude"],
            "HEALTHCHECK" => ["interval", "timeout", "start-period", "start-interval", "retries"],
            _ => [],
        };
        while (known.Length > 0 && _rest.StartsWith("--", StringComparison.Ordinal))
        {
            (var flag, _rest) = Words.Cut(_rest);
            if (flag == "--")
            {
                return;
            }

            var equals = flag.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? flag[2..] : flag[2..equals];
            if (!known.Contains(name))
            {
                var meant = Suggestion.For(name, known);
                throw Problem($"unknown flag: --{name}{(meant is null ? "" : $" (did you mean --{meant}?)")}");
            }

            var value = equals < 0 ? "" : flag[(equals + 1)..];
            if (value.Length == 0 && name is not ("link" or "parents"))
            {
                throw Problem($"missing a value on flag: --{name}");
            }

            if (name == "mount")
            {
                _mounts.Add(value);
            }
            else if (name == "exclude")
            {
                _excludes.Add(value);
            }
            else if (!_flags.TryAdd(name, value))
            {
                throw Problem($"duplicate flag specified: --{name}");
            }
        }
    }

    private bool Switch(string name) => _flags.TryGetValue(name, out var value)
        && value switch
        {
            "" or "true" => true,
            "false" => false,
            _ => throw Problem($"--{name}={value} is neither true nor false"),
        };

    private string Flag(string name) => _flags.GetValueOrDefault(name, "");

    private FromInstruction From()
    {
        var words = Words.SplitPlain(_rest);
        var name = "";
        if (words.Length == 3 && words[1].Equals("AS", StringComparison.OrdinalIgnoreCase))
        {
            name = words[2].ToLowerInvariant();
            if (!StageName().IsMatch(name))
            {
                throw Problem($"invalid name for build stage: \"{words[2]}\", name can't start with a number or contain symbols");
            }
        }
        else if (words.Length != 1)
        {
            throw Problem("FROM requires either one or three arguments: FROM image [AS name]");
        }

        return new FromInstruction(_line.Number, _line.Text, words[0], name, Flag("platform"));
    }

    private ArgDeclaration Argument(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? word : word[..equals];
        return name.Length > 0
            ? new ArgDeclaration(name, equals < 0 ? null : word[(equals + 1)..])
            : throw Problem("ARG names can not be blank");
    }

    private List<KeyValuePair<string, string>> Pairs()
    {
        var words = Words.Split(_rest, _escape);
        var pairs = new List<KeyValuePair<string, string>>();
        if (!words[0].Contains('=', StringComparison.Ordinal))
        {
            // The old form: one name, and the rest of the line is its value.
            var (name, value) = Words.Cut(_rest);
            return value.Length > 0
                ? [new(name, value)]
                : throw Problem($"{_keyword} must have two arguments, or the form name=value");
        }

        foreach (var word in words)
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                throw Problem($"can't find = in \"{word}\". Must be of the form: name=value");
            }

            pairs.Add(equals > 0
                ? new(word[..equals], word[(equals + 1)..])
                : throw Problem($"{_keyword} names can not be blank"));
        }

        return pairs;
    }

    private RunInstruction Run()
    {
        if (Flag("security") is { Length: > 0 } security && security != "sandbox")
        {
            throw Problem($"RUN --security={security} is not supported");
        }

        if (Flag("network") is { Length: > 0 } network && network is not ("default" or "none" or "host"))
        {
            throw Problem($"unsupported network mode \"{network}\": use default, none or host");
        }

        if (_rest.Length == 0)
        {
            throw Problem("RUN requires at least one argument");
        }

        var mounts = _mounts.Select(mount => RunMountParser.Parse(mount, _line.Number)).ToArray();
        return new RunInstruction(_line.Number, _line.Text, RunCommand(), Flag("network"), mounts);
    }

    private CommandLine RunCommand()
    {
        if (_line.Documents.Count == 0)
        {
            return Command(_rest);
        }

        if (_line.Documents.Count == 1 && DockerfileLines.DocumentPattern().IsMatch(_rest))
        {
            var script = _line.Documents[0].Content;
            return script.StartsWith("#!", StringComparison.Ordinal)
                ? throw Problem("a heredoc that begins with #! is not supported: write RUN interpreter <<EOF")
                : new CommandLine(IsShell: true, [script]);
        }

        // The shell reads the documents itself, as they stand.
        var documents = string.Concat(_line.Documents.Select(document => $"{document.Content}{document.Name}\n"));
        return new CommandLine(IsShell: true, [$"{_rest}\n{documents}"]);
    }

    private CopyInstruction Copy()
    {
        var words = TryJson(_rest) ?? [.. Words.SplitPlain(_rest)];
        var documents = _line.Documents;
        var sources = words.Take(Math.Max(0, words.Count - 1))
            .Where(word => documents.Count == 0 || !DockerfileLines.DocumentPattern().IsMatch(word)).ToArray();
        if (words.Count < 2 || sources.Length + documents.Count == 0)
        {
            throw Problem($"{_keyword} requires at least two arguments, but only {words.Count} provided. Destination could not be determined");
        }

        if (documents.Count > 0 && Flag("from").Length > 0)
        {
            throw Problem("COPY --from cannot be used with a heredoc");
        }

        return new CopyInstruction(
            _line.Number, _line.Text, _keyword == "ADD", sources, documents, words[^1],
            Flag("from"), Flag("chown"), Flag("chmod"))
        {
            Parents = Switch("parents"),
            Excludes = _excludes,
            Checksum = Flag("checksum"),
        };
    }

    private VolumeInstruction Volume()
    {
        var paths = TryJson(_rest) ?? [.. Words.SplitPlain(_rest)];
        return paths.Count > 0 && paths.All(path => path.Length > 0)
            ? new VolumeInstruction(_line.Number, _line.Text, paths)
            : throw Problem("VOLUME specified can not be an empty string");
    }

    private ShellInstruction Shell() => TryJson(_rest) is { Count: > 0 } shell
        ? new ShellInstruction(_line.Number, _line.Text, shell)
        : throw Problem("SHELL requires the arguments to be in JSON form, e.g. SHELL [\"/bin/bash\", \"-c\"]");

    private HealthCheckInstruction HealthCheck()
    {
        var (type, command) = Words.Cut(_rest);
        var none = type.Equals("NONE", StringComparison.OrdinalIgnoreCase);
        if (none && (command.Length > 0 || _flags.Count > 0))
        {
            throw Problem("HEALTHCHECK NONE takes no arguments");
        }

        if (!none && !type.Equals("CMD", StringComparison.OrdinalIgnoreCase))
        {
            throw Problem($"unknown type \"{type}\" in HEALTHCHECK (try CMD)");
        }

        if (!none && command.Length == 0)
        {
            throw Problem("missing command after HEALTHCHECK CMD");
        }

        int? retries = null;
        if (Flag("retries") is { Length: > 0 } text)
        {
            retries = int.TryParse(text, out var number) && number >= 0
                ? number
                : throw Problem($"--retries must be a number of at least 0, not \"{text}\"");
        }

        return new HealthCheckInstruction(
            _line.Number, _line.Text, none ? null : Command(command), Duration("interval"), Duration("timeout"),
            Duration("start-period"), Duration("start-interval"), retries);
    }

    private TimeSpan? Duration(string flag)
    {
        var text = Flag(flag);
        if (text.Length == 0)
        {
            return null;
        }

        return GoDuration.TryParse(text, out var duration) && duration >= TimeSpan.Zero
            ? duration
            : throw Problem($"--{flag}: invalid duration \"{text}\": write for example 30s, 1m30s or 500ms");
    }

    private OnBuildInstruction OnBuild()
    {
        var trigger = Parse(_line with { Text = _rest }, _escape);
        return trigger is OnBuildInstruction or FromInstruction or MaintainerInstruction
            ? throw Problem($"{Words.Cut(_rest).First.ToUpperInvariant()} isn't allowed as an ONBUILD trigger")
            : new OnBuildInstruction(_line.Number, _line.Text, _rest);
    }

    private static CommandLine Command(string text) =>
        TryJson(text) is { } words ? new CommandLine(IsShell: false, words) : new CommandLine(IsShell: true, [text]);

    /// <summary>The words of a JSON array of strings; null when it is none: Docker then takes it for a shell command.</summary>
    private static List<string>? TryJson(string text)
    {
        if (!text.StartsWith('['))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            var words = new List<string>();
            foreach (var element in document.RootElement.EnumerateArray())
            {
                if (element.ValueKind != JsonValueKind.String)
                {
                    return null;
                }

                words.Add(element.GetString() ?? "");
            }

            return words;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private DockerfileException Problem(string problem) => new(_line.Number, problem);

    [GeneratedRegex(@"^[a-z][a-z0-9_.-]*\z")]
    private static partial Regex StageName();
}
