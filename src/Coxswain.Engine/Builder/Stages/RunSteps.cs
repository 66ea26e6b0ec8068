using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Builder.Steps;
using Coxswain.Engine.Images;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>RUN: a command in a container, and what it changed as a layer.</summary>
internal sealed class RunSteps(BuildContext build)
{
    public async Task RunAsync(StageState state, RunInstruction run, BuildStep step, CancellationToken cancellationToken)
    {
        var words = ConfigSteps.Words(state, run.Command);
        var arguments = state.Arguments.Where(argument => argument.Value is not null && state.Environment(argument.Key) is null)
            .Select(argument => $"{argument.Key}={argument.Value}").ToArray();
        var network = run.Network.Length > 0 ? run.Network : build.Options.Network;
        if (network == "host" && build.Options.Network != "host")
        {
            throw new BuildException(run.Line, "RUN --network=host is only allowed when the build is given --network host");
        }

        var key = KeyOf(state, run, words, arguments, network);
        var shown = string.Join(' ', words);
        var createdBy = arguments.Length == 0 ? $"RUN {shown}" : $"RUN |{arguments.Length} {string.Join(' ', arguments)} {shown}";
        if (LayerSteps.TryCached(state, build, key, createdBy, step))
        {
            return;
        }

        var layer = build.Session.NewPath("layer");
        var work = build.Session.NewPath("step");
        Directory.CreateDirectory(layer);
        Directory.CreateDirectory(work);
        var content = Path.Combine(layer, "fs");
        using var mounts = await CacheMounts.TakeAsync(build, run.Mounts, cancellationToken);
        var command = new StepCommand
        {
            WorkDirectory = work,
            UpperDirectory = content,
            LayerDirectories = state.LayerDirectories,
            Args = words,
            Env = [.. build.Arguments.ProxiesForRun().Select(proxy => $"{proxy.Key}={proxy.Value}"), .. arguments, .. state.Config.Env ?? []],
            WorkingDirectory = state.Config.WorkingDir is { Length: > 0 } directory ? directory : "/",
            User = state.Config.User ?? "",
            Network = network,
            Mounts = mounts.Mounts,
        };
        var exitCode = await build.Runner.RunAsync(
            command, line => step.Output(line.Line, line.IsError), cancellationToken);
        if (exitCode != 0)
        {
            throw new BuildException(
                run.Line, $"{run.Text}: process \"{shown}\" did not complete successfully: exit code: {exitCode}")
            {
                ExitCode = exitCode,
            };
        }

        await LayerSteps.FinishAsync(state, build, key, createdBy, content, cancellationToken);
    }

    private static Digest KeyOf(
        StageState state, RunInstruction run, IReadOnlyList<string> words, IReadOnlyList<string> arguments, string network)
    {
        using var key = new StepKey("run", state.ChainId);
        return key
            .AddAll([.. words])
            .AddAll([.. arguments])
            .AddAll([.. state.Config.Env ?? []])
            .Add(state.Config.WorkingDir ?? "")
            .Add(state.Config.User ?? "")
            .Add(network)
            .AddAll([.. run.Mounts.Select(mount => mount.ToString())])
            .Finish();
    }
}
