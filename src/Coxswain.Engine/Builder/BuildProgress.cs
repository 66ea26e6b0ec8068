namespace Coxswain.Engine.Builder;

/// <summary>Numbers the steps of one build and reports what happens to them.</summary>
internal sealed class BuildProgress(IProgress<BuildEvent> target, TimeProvider time)
{
    private int _steps;

    public BuildStep Start(string name)
    {
        var step = new BuildStep(++_steps, target, time);
        target.Report(new BuildStepStarted(step.Number, name));
        return step;
    }

    public void Warn(string text) => target.Report(new BuildWarning(text));

    /// <summary>Runs a step, and says how it ended.</summary>
    public async Task RunAsync(string name, Func<BuildStep, Task> run)
    {
        var step = Start(name);
        try
        {
            await run(step);
        }
        catch (EngineException exception)
        {
            step.Fail(exception.Message);
            throw;
        }

        step.Complete();
    }
}

internal sealed class BuildStep(int number, IProgress<BuildEvent> target, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private bool _cached;

    public int Number => number;

    public void Cached()
    {
        _cached = true;
        target.Report(new BuildStepCached(number));
    }

    public void Output(string line, bool isError) =>
        target.Report(new BuildStepOutput(number, time.GetElapsedTime(_start), line, isError));

    public void Status(string text) => target.Report(new BuildStepStatus(number, text));

    public void Fail(string problem) => target.Report(new BuildStepFailed(number, problem));

    public void Complete()
    {
        if (!_cached)
        {
            target.Report(new BuildStepCompleted(number, time.GetElapsedTime(_start)));
        }
    }
}
