using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Builds one stage, instruction after instruction.</summary>
internal sealed class StageBuilder
{
    private readonly BuildContext _build;
    private readonly DockerfileStage _stage;
    private readonly FileSteps _files;
    private readonly RunSteps _runs;
    private StageState _state = new(null);
    private int _shown;
    private int _total;

    public StageBuilder(BuildContext build, DockerfileStage stage)
    {
        _build = build;
        _stage = stage;
        _files = new FileSteps(build, stage);
        _runs = new RunSteps(build);
    }

    public async Task<StageState> RunAsync(CancellationToken cancellationToken)
    {
        var triggers = await BeginAsync(cancellationToken);
        foreach (var instruction in triggers.Concat(_stage.Instructions))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await RunAsync(instruction, cancellationToken);
            }
            catch (Exception exception) when (exception is EngineException or IOException
                && exception is not (BuildException { Line: > 0 } or DockerfileException))
            {
                throw new BuildException(instruction.Line, $"{Show(instruction)}: {exception.Message}", exception);
            }
        }

        return _state;
    }

    /// <summary>Finds the base and returns what it wants done first.</summary>
    private async Task<IReadOnlyList<Instruction>> BeginAsync(CancellationToken cancellationToken)
    {
        var from = _stage.From;
        var name = new Expander(_build.Dockerfile.Escape, _build.Arguments.Global, from.Line).Word(from.Image);
        if (name.Length == 0)
        {
            throw new DockerfileException(from.Line, $"base name ({from.Image}) should not be blank");
        }

        if (StageGraph.FindStage(_build.Dockerfile, name, _stage.Index) is { } earlier)
        {
            _state = StageState.After(_build.Done[earlier.Index]);
            _total = 1 + _stage.Instructions.Count(IsShown);
            await ShowBaseAsync(earlier.DisplayName, () => Task.FromResult(true));
        }
        else if (name == "scratch")
        {
            _total = _stage.Instructions.Count(IsShown);
        }
        else
        {
            // The number of steps is only known with the image, which may have triggers; shown without them if it must be pulled.
            _total = 1 + _stage.Instructions.Count(IsShown);
            await FromImageAsync(name, from, cancellationToken);
        }

        var triggers = (_state.Config.OnBuild ?? [])
            .Select(text => InstructionParser.Parse(new LogicalLine(from.Line, text, []), _build.Dockerfile.Escape)).ToArray();
        _state.Config = _state.Config with { OnBuild = null };
        _total += triggers.Count(IsShown);
        return triggers;
    }

    private async Task FromImageAsync(string name, FromInstruction from, CancellationToken cancellationToken)
    {
        var known = Images.ImageReference.TryParse(name, out _)?.ToString() ?? name;
        await ShowBaseAsync(known, async () =>
        {
            var isHere = await _build.Store.FindAsync(name, cancellationToken) is not null;
            var image = await _build.Images.GetAsync(name, from.Line, cancellationToken);
            CheckPlatform(from, image);
            var layers = await _build.Store.UnpackAsync(_build.Session, image.Manifest, image.Configuration, cancellationToken);
            _state = StageState.From(image, layers);
            return isHere;
        });
    }

    private void CheckPlatform(FromInstruction from, Image image)
    {
        var wanted = new Expander(_build.Dockerfile.Escape, _build.Arguments.Global, from.Line).Word(from.Platform);
        var has = new Platform(image.Configuration.Architecture, image.Configuration.OperatingSystem);
        if (wanted.Length > 0 && !Platform.Parse(wanted).Runs(has))
        {
            throw new BuildException(from.Line, $"{from.Image} is for {has}, not for {wanted}");
        }
    }

    private Task ShowBaseAsync(string name, Func<Task<bool>> find) =>
        _build.Progress.RunAsync($"{Prefix()} FROM {name}", async step =>
        {
            if (await find())
            {
                step.Cached();
            }
        });

    private Task RunAsync(Instruction instruction, CancellationToken cancellationToken)
    {
        if (!IsShown(instruction))
        {
            ConfigSteps.Apply(_state, instruction, _build);
            return Task.CompletedTask;
        }

        return _build.Progress.RunAsync($"{Prefix()} {Show(instruction)}", step => instruction switch
        {
            RunInstruction run => _runs.RunAsync(_state, run, step, cancellationToken),
            CopyInstruction copy => _files.CopyAsync(_state, copy, step, cancellationToken),
            _ => _files.WorkdirAsync(_state, (WorkdirInstruction)instruction, step, cancellationToken),
        });
    }

    /// <summary>As in BuildKit only what may change files counts as a step.</summary>
    private static bool IsShown(Instruction instruction) =>
        instruction is RunInstruction or CopyInstruction or WorkdirInstruction;

    private string Prefix()
    {
        _shown++;
        var stage = _build.Dockerfile.Stages.Count > 1 ? _stage.DisplayName + " " : "";
        return $"[{stage}{_shown}/{Math.Max(_total, _shown)}]";
    }

    private static string Show(Instruction instruction)
    {
        var text = instruction.Text;
        const int Most = 200;
        return text.Length > Most ? text[..Most] + "..." : text;
    }
}
