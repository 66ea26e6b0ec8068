using System.Text.Json;
using Coxswain.Engine.Containers.Oci;
using Coxswain.Engine.Containers.Records;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Execs;

/// <summary>Runs further processes in containers, each as a child <c>runc exec</c> that passes on streams and exit code.</summary>
internal sealed class ContainerExecutor(
    EngineOptions options, ContainerPaths paths, IProcessRunner processes, KernelEvents events)
{
    public async Task<ContainerExec> StartAsync(
        string execId, ContainerRecord record, ExecSpec spec, CancellationToken cancellationToken)
    {
        var directory = paths.Exec(execId);
        Directory.CreateDirectory(directory);
        try
        {
            var processFile = Path.Combine(directory, "process.json");
            var process = JsonSerializer.SerializeToUtf8Bytes(Describe(record, spec), OciJson.Default.OciProcess);
            await File.WriteAllBytesAsync(processFile, process, cancellationToken);
            var command = new ProcessSpec(
                options.RuncPath,
                "--root", paths.RuncRoot,
                "--log", Path.Combine(directory, "log"),
                "exec",
                "--process", processFile,
                record.Id)
            { NewSession = true };
            return spec.Terminal ? StartInTerminal(execId, command, spec, directory) : Start(execId, command, spec, directory);
        }
        catch
        {
            TreeRemover.Remove(directory);
            throw;
        }
    }

    private static OciProcess Describe(ContainerRecord record, ExecSpec spec)
    {
        var likeContainer = record.Spec with
        {
            Args = spec.Args,
            Env = [.. record.Spec.Env, .. spec.Env],
            WorkingDirectory = spec.WorkingDirectory ?? record.Spec.WorkingDirectory,
            User = spec.User ?? record.Spec.User,
            Terminal = spec.Terminal,
            Privileged = spec.Privileged || record.Spec.Privileged,
        };
        try
        {
            var process = SpecBuilder.Process(likeContainer, record.RootDirectory);
            return spec is { Terminal: true, Size: { } size }
                ? process with { ConsoleSize = new OciConsoleSize(size.Rows, size.Columns) }
                : process;
        }
        catch (EngineException exception)
        {
            throw new ContainerStartException(record.Id, 126, exception.Message, exception);
        }
    }

    private ContainerExec Start(string execId, ProcessSpec command, ExecSpec spec, string directory)
    {
        var streams = spec.Detached ? ProcessStreams.None
            : spec.Stdin ? ProcessStreams.All : ProcessStreams.Output | ProcessStreams.Error;
        return new ContainerExec(execId, processes.Start(command with { Streams = streams }), null, directory, spec);
    }

    private ContainerExec StartInTerminal(string execId, ProcessSpec command, ExecSpec spec, string directory)
    {
        var terminal = new PseudoTerminal(events);
        try
        {
            if (spec.Size is { } size)
            {
                terminal.Resize(size.Columns, size.Rows);
            }

            var tty = terminal.ChildDescriptor;
            var child = processes.Start(command with { InheritedFiles = [(tty, 0), (tty, 1), (tty, 2)] });
            terminal.CloseChildDescriptor();
            return new ContainerExec(execId, child, terminal, directory, spec);
        }
        catch
        {
            terminal.Dispose();
            throw;
        }
    }
}
