using Coxswain.Linux.Processes;

namespace Coxswain.Network.Tests.Lab;

/// <summary>Runs commands inside a named network namespace.</summary>
internal sealed class NetnsRunner(IProcessRunner inner, string name) : IProcessRunner
{
    public Task<ProcessResult> RunAsync(ProcessSpec spec, CancellationToken cancellationToken) =>
        inner.RunAsync(Inside(spec), cancellationToken);

    public IChildProcess Start(ProcessSpec spec) => inner.Start(Inside(spec));

    private ProcessSpec Inside(ProcessSpec spec) =>
        spec with { FileName = "ip", Arguments = ["netns", "exec", name, spec.FileName, .. spec.Arguments] };
}
