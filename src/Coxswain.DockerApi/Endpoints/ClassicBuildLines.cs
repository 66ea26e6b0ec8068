using System.Text.RegularExpressions;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Builder;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>A build's events as the text of Docker's classic builder.</summary>
internal sealed partial class ClassicBuildLines(JsonLines lines, bool quiet) : IProgress<BuildEvent>
{
    public void Report(BuildEvent value)
    {
        var text = value switch
        {
            BuildStepStarted started when Numbered().Match(started.Name) is { Success: true } name =>
                $"Step {name.Groups[2].Value}/{name.Groups[3].Value} : {name.Groups[4].Value}\n",
            BuildStepCached => " ---> Using cache\n",
            BuildStepOutput output => output.Line + "\n",
            BuildWarning warning => $"[Warning] {warning.Text}\n",
            _ => null,
        };
        if (text is not null && !quiet)
        {
            lines.Write(new ProgressMessage { Stream = text });
        }
    }

    [GeneratedRegex(@"^\[(?:(\S+) )?(\d+)/(\d+)\] (.*)$", RegexOptions.Singleline)]
    private static partial Regex Numbered();
}
