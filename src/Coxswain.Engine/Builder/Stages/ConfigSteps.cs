using System.Globalization;
using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Images.Documents;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>The instructions that only change how an image is run.</summary>
internal static class ConfigSteps
{
    private static readonly string[] DefaultShell = ["/bin/sh", "-c"];

    public static void Apply(StageState state, Instruction instruction, BuildContext build) =>
        Apply(state, instruction, build.Dockerfile.Escape, build.Arguments);

    public static void Apply(StageState state, Instruction instruction, char escape, BuildArguments arguments)
    {
        var expander = ExpanderFor(state, instruction, escape);
        state.Config = instruction switch
        {
            ArgInstruction arg => Arg(state, arg, expander, arguments),
            EnvInstruction env => Env(state.Config, env, expander),
            LabelInstruction label => Label(state.Config, label, expander),
            MaintainerInstruction maintainer => Maintainer(state, maintainer),
            UserInstruction user => state.Config with { User = NotEmpty(user, expander.Word(user.User)) },
            ExposeInstruction expose => Expose(state.Config, expose, expander),
            VolumeInstruction volume => Volume(state.Config, volume, expander),
            CmdInstruction cmd => Cmd(state, cmd),
            EntrypointInstruction entrypoint => Entrypoint(state, entrypoint),
            ShellInstruction shell => state.Config with { Shell = shell.Shell },
            StopSignalInstruction signal => state.Config with { StopSignal = Signal(signal, expander) },
            HealthCheckInstruction check => state.Config with { Healthcheck = HealthCheckOf(check) },
            OnBuildInstruction trigger => state.Config with { OnBuild = [.. state.Config.OnBuild ?? [], trigger.Trigger] },
            _ => throw new BuildException(instruction.Line, $"{instruction.Text}: not supported"),
        };
        state.History.Add(new HistoryEntry { CreatedBy = instruction.Text, EmptyLayer = true });
    }

    /// <summary>ENV hides ARG, as in Docker.</summary>
    public static Expander ExpanderFor(StageState state, Instruction instruction, BuildContext build) =>
        ExpanderFor(state, instruction, build.Dockerfile.Escape);

    private static Expander ExpanderFor(StageState state, Instruction instruction, char escape) =>
        new(escape, name => state.Environment(name) ?? state.Arguments.GetValueOrDefault(name), instruction.Line);

    /// <summary>The words to execute, with the image's shell when the command is one for it.</summary>
    public static IReadOnlyList<string> Words(StageState state, CommandLine command) =>
        command.IsShell ? [.. state.Config.Shell ?? DefaultShell, .. command.Words] : command.Words;

    private static ContainerConfig Arg(StageState state, ArgInstruction instruction, Expander expander, BuildArguments arguments)
    {
        foreach (var argument in instruction.Arguments)
        {
            state.Arguments[argument.Name] = arguments.Declare(argument, expander.Word);
        }

        return state.Config;
    }

    private static ContainerConfig Env(ContainerConfig config, EnvInstruction instruction, Expander expander)
    {
        var variables = new List<string>(config.Env ?? []);
        // All of one line see the values from before it.
        foreach (var (name, value) in instruction.Pairs.Select(pair => (expander.Word(pair.Key), expander.Word(pair.Value))).ToArray())
        {
            var index = variables.FindIndex(variable => variable.StartsWith(name + "=", StringComparison.Ordinal));
            if (index < 0)
            {
                variables.Add($"{name}={value}");
            }
            else
            {
                variables[index] = $"{name}={value}";
            }
        }

        return config with { Env = variables };
    }

    private static ContainerConfig Label(ContainerConfig config, LabelInstruction instruction, Expander expander)
    {
        var labels = new SortedDictionary<string, string>(config.Labels ?? [], StringComparer.Ordinal);
        foreach (var (name, value) in instruction.Pairs)
        {
            labels[expander.Word(name)] = expander.Word(value);
        }

        return config with { Labels = labels };
    }

    private static ContainerConfig Maintainer(StageState state, MaintainerInstruction instruction)
    {
        state.Author = instruction.Name;
        return state.Config;
    }

    private static ContainerConfig Expose(ContainerConfig config, ExposeInstruction instruction, Expander expander)
    {
        var ports = new SortedDictionary<string, EmptyObject>(config.ExposedPorts ?? [], StringComparer.Ordinal);
        foreach (var text in instruction.Ports.SelectMany(port => Dockerfiles.Words.SplitPlain(expander.Word(port))))
        {
            foreach (var port in Ports(instruction, text))
            {
                ports[port] = new EmptyObject();
            }
        }

        return config with { ExposedPorts = ports };
    }

    private static IEnumerable<string> Ports(ExposeInstruction instruction, string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var protocol = slash < 0 ? "tcp" : text[(slash + 1)..].ToLowerInvariant();
        var range = (slash < 0 ? text : text[..slash]).Split('-');
        if (protocol is not ("tcp" or "udp" or "sctp"))
        {
            throw new BuildException(instruction.Line, $"invalid protocol in EXPOSE {text}: use tcp, udp or sctp");
        }

        if (range.Length > 2 || Port(range[0]) is not { } first || Port(range[^1]) is not { } last || last < first)
        {
            throw new BuildException(instruction.Line, $"invalid port in EXPOSE {text}: use 1 to 65535, or a range such as 8000-8010");
        }

        return Enumerable.Range(first, last - first + 1).Select(port => $"{port}/{protocol}");
    }

    private static int? Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? port : null;

    private static ContainerConfig Volume(ContainerConfig config, VolumeInstruction instruction, Expander expander)
    {
        var volumes = new SortedDictionary<string, EmptyObject>(config.Volumes ?? [], StringComparer.Ordinal);
        foreach (var path in instruction.Paths)
        {
            volumes[NotEmpty(instruction, expander.Word(path))] = new EmptyObject();
        }

        return config with { Volumes = volumes };
    }

    private static ContainerConfig Cmd(StageState state, CmdInstruction instruction)
    {
        state.HasOwnCommand = true;
        return state.Config with { Cmd = OrNull(state, instruction.Command) };
    }

    private static ContainerConfig Entrypoint(StageState state, EntrypointInstruction instruction) => state.Config with
    {
        Entrypoint = OrNull(state, instruction.Command),
        Cmd = state.HasOwnCommand ? state.Config.Cmd : null,
    };

    private static IReadOnlyList<string>? OrNull(StageState state, CommandLine command) =>
        command is { IsShell: true, Words: [""] } ? null : Words(state, command);

    private static string Signal(StopSignalInstruction instruction, Expander expander)
    {
        var text = NotEmpty(instruction, expander.Word(instruction.Signal));
        return Signals.Parse(text) is not null
            ? text
            : throw new BuildException(instruction.Line, $"invalid signal: {text}");
    }

    private static HealthCheck HealthCheckOf(HealthCheckInstruction check)
    {
        if (check.Command is not { } command)
        {
            return new HealthCheck { Test = ["NONE"] };
        }

        return new HealthCheck
        {
            Test = command.IsShell ? ["CMD-SHELL", .. command.Words] : ["CMD", .. command.Words],
            Interval = Nanoseconds(check.Interval),
            Timeout = Nanoseconds(check.Timeout),
            StartPeriod = Nanoseconds(check.StartPeriod),
            StartInterval = Nanoseconds(check.StartInterval),
            Retries = check.Retries,
        };
    }

    private static long? Nanoseconds(TimeSpan? duration) => duration?.Ticks * TimeSpan.NanosecondsPerTick;

    private static string NotEmpty(Instruction instruction, string value) =>
        value.Length > 0 ? value : throw new BuildException(instruction.Line, $"{instruction.Text}: the value is empty");
}
