using System.Globalization;

namespace Coxswain.Engine.Builder;

/// <summary>Shows a build as <c>docker build --progress=plain</c> does, one line after another.</summary>
public sealed class PlainBuildRenderer(TextWriter writer) : IProgress<BuildEvent>
{
    private int _last;

    public void Report(BuildEvent value)
    {
        foreach (var line in Lines(value))
        {
            writer.WriteLine(line);
        }
    }

    private IEnumerable<string> Lines(BuildEvent value)
    {
        if (value is BuildStepStarted && _last != 0)
        {
            yield return "";
        }

        _last = value.Step;
        yield return value switch
        {
            BuildStepStarted started => $"#{started.Step} {started.Name}",
            BuildStepCached cached => $"#{cached.Step} CACHED",
            BuildStepOutput output => $"#{output.Step} {Seconds(output.Elapsed, "0.000")} {output.Line}",
            BuildStepStatus status => $"#{status.Step} {status.Text}",
            BuildStepCompleted completed => $"#{completed.Step} DONE {Seconds(completed.Elapsed, "0.0")}s",
            BuildStepFailed failed => $"#{failed.Step} ERROR: {failed.Problem}",
            BuildWarning warning => $"WARNING: {warning.Text}",
            _ => "",
        };
    }

    private static string Seconds(TimeSpan elapsed, string format) =>
        elapsed.TotalSeconds.ToString(format, CultureInfo.InvariantCulture);
}
