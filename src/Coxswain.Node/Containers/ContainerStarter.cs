using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client.Events;
using Coxswain.Node.Files;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Containers;

/// <param name="Created">Told as soon as there is a container to account for, before it runs.</param>
internal sealed record ContainerStart(
    Pod Pod, Container Container, int Attempt, IReadOnlyList<string> PodAddresses, IReadOnlyDictionary<string, string> VolumePaths,
    Action<ContainerInfo> Created)
{
    /// <summary>The running container whose processes it is to see; empty when there is none.</summary>
    public string TargetId { get; init; } = "";
}

/// <summary>Brings one attempt at a container up: image, environment, files, process.</summary>
internal sealed class ContainerStarter(
    IPodRuntime runtime, ImagePuller images, EnvironmentBuilder environment, ContainerConfigBuilder configs, NodePaths paths, EventRecorder events)
{
    /// <exception cref="AttemptFailedException">Anything that the pod's status must show.</exception>
    public async Task StartAsync(ContainerStart start, CancellationToken cancellationToken)
    {
        var (pod, container) = (start.Pod, start.Container);
        var fieldPath = FieldPath(pod, container.Name);
        var image = await images.EnsureAsync(pod, container, fieldPath, cancellationToken);
        var config = await ConfigureAsync(start, image, fieldPath, cancellationToken);
        var id = await CreateAsync(start, config, fieldPath, cancellationToken);
        events.Normal(pod, "Created", $"Container created: {container.Name}", fieldPath);
        try
        {
            await runtime.StartContainerAsync(id, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Nobody will start it: the next attempt is another container.
            await runtime.RemoveContainerAsync(id, CancellationToken.None);
            throw;
        }
        catch (RuntimeException exception)
        {
            events.Warning(pod, "Failed", $"Error: {exception.Message}", fieldPath);
            await runtime.RemoveContainerAsync(id, CancellationToken.None);
            throw new AttemptFailedException(StartFailure.Process, "RunContainerError", exception.Message, exception) { ExitCode = ExitCode(exception) };
        }

        events.Normal(pod, "Started", $"Container started: {container.Name}", fieldPath);
    }

    public static string FieldPath(Pod pod, string container) =>
        pod.Spec.InitContainers.Any(init => init.Name == container) ? $"spec.initContainers{{{container}}}"
        : pod.Spec.EphemeralContainers.Any(added => added.Name == container) ? $"spec.ephemeralContainers{{{container}}}"
        : $"spec.containers{{{container}}}";

    private async Task<ContainerConfig> ConfigureAsync(ContainerStart start, ImageInfo image, string fieldPath, CancellationToken cancellationToken)
    {
        var (pod, container) = (start.Pod, start.Container);
        try
        {
            var env = await environment.BuildAsync(pod, container, start.PodAddresses, cancellationToken);
            var config = configs.Build(pod, container, new ContainerInputs(start.Attempt, image, env, start.VolumePaths, start.TargetId));
            PrepareFiles(pod.Metadata.Uid, container.Name, start.Attempt, config.LogPath);
            return config;
        }
        catch (Exception exception) when (exception is ContainerConfigException or KubeStatusException or IOException)
        {
            events.Warning(pod, "Failed", $"Error: {exception.Message}", fieldPath);
            throw new AttemptFailedException(StartFailure.Configuration, "CreateContainerConfigError", exception.Message, exception);
        }
    }

    private async Task<string> CreateAsync(ContainerStart start, ContainerConfig config, string fieldPath, CancellationToken cancellationToken)
    {
        try
        {
            var id = await runtime.CreateContainerAsync(start.Pod.Metadata.Uid, config, cancellationToken);
            if (await runtime.ContainerStatusAsync(id, CancellationToken.None) is { } created)
            {
                start.Created(created);
            }

            return id;
        }
        catch (RuntimeException exception) when (exception.Failure == RuntimeFailure.Start)
        {
            events.Warning(start.Pod, "Failed", $"Error: {exception.Message}", fieldPath);
            throw new AttemptFailedException(StartFailure.Process, "RunContainerError", exception.Message, exception) { ExitCode = ExitCode(exception) };
        }
        catch (RuntimeException exception)
        {
            events.Warning(start.Pod, "Failed", $"Error: {exception.Message}", fieldPath);
            throw new AttemptFailedException(StartFailure.Configuration, "CreateContainerError", exception.Message, exception);
        }
    }

    private void PrepareFiles(string uid, string container, int attempt, string logPath)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logPath)!); // A path of ours: it has a parent.
        var termination = paths.TerminationLog(uid, container, attempt);
        Directory.CreateDirectory(Path.GetDirectoryName(termination)!);
        File.WriteAllBytes(termination, []);

        // Whoever the container runs as may write it.
        File.SetUnixFileMode(termination, (UnixFileMode)0b110_110_110);
    }

    private static int ExitCode(RuntimeException exception) => exception.ExitCode == 0 ? 128 : exception.ExitCode;
}
