using System.Text;
using System.Text.Json;
using Coxswain.Api.Core.V1;
using Coxswain.Client.Events;
using Coxswain.Node.Objects;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Containers;

/// <summary>Brings a container's image to the node, as its imagePullPolicy says.</summary>
internal sealed class ImagePuller(IPodRuntime runtime, IPodObjects objects, EventRecorder events, TimeProvider time)
{
    /// <exception cref="AttemptFailedException">With the reasons the kubelet uses.</exception>
    public Task<ImageInfo> EnsureAsync(Pod pod, Container container, string fieldPath, CancellationToken cancellationToken) =>
        EnsureAsync(pod, container.Image, container.ImagePullPolicy, fieldPath, cancellationToken);

    /// <param name="policy">Empty for what the image's name makes it.</param>
    /// <exception cref="AttemptFailedException">With the reasons the kubelet uses.</exception>
    public async Task<ImageInfo> EnsureAsync(Pod pod, string image, string policy, string fieldPath, CancellationToken cancellationToken)
    {
        policy = policy.Length > 0 ? policy : DefaultPolicy(image);
        try
        {
            var present = policy == PullPolicy.Always ? null : await runtime.ImageStatusAsync(image, cancellationToken);
            if (present is not null)
            {
                events.Normal(pod, "Pulled", $"Container image \"{image}\" already present on machine", fieldPath);
                return present;
            }
        }
        catch (RuntimeException exception) when (exception.Failure == RuntimeFailure.InvalidImageName)
        {
            throw Invalid(pod, image, fieldPath, exception);
        }

        if (policy == PullPolicy.Never)
        {
            var message = $"Container image \"{image}\" is not present with pull policy of Never";
            events.Warning(pod, "ErrImageNeverPull", message, fieldPath);
            throw new AttemptFailedException(StartFailure.Configuration, "ErrImageNeverPull", message);
        }

        return await PullAsync(pod, image, fieldPath, cancellationToken);
    }

    private async Task<ImageInfo> PullAsync(Pod pod, string image, string fieldPath, CancellationToken cancellationToken)
    {
        events.Normal(pod, "Pulling", $"Pulling image \"{image}\"", fieldPath);
        var begin = time.GetTimestamp();
        try
        {
            var pulled = await runtime.PullImageAsync(image, await CredentialsAsync(pod, cancellationToken), cancellationToken);
            var took = Coxswain.Api.Scalars.KubeDuration.Format(TimeSpan.FromMilliseconds(Math.Round(time.GetElapsedTime(begin).TotalMilliseconds)));
            events.Normal(
                pod, "Pulled", $"Successfully pulled image \"{image}\" in {took} ({took} including waiting). Image size: {pulled.SizeBytes} bytes.", fieldPath);
            return pulled;
        }
        catch (RuntimeException exception) when (exception.Failure == RuntimeFailure.InvalidImageName)
        {
            throw Invalid(pod, image, fieldPath, exception);
        }
        catch (RuntimeException exception)
        {
            events.Warning(pod, "Failed", $"Failed to pull image \"{image}\": {exception.Message}", fieldPath);
            events.Warning(pod, "Failed", "Error: ErrImagePull", fieldPath);
            throw new AttemptFailedException(StartFailure.Image, "ErrImagePull", exception.Message, exception);
        }
    }

    private AttemptFailedException Invalid(Pod pod, string image, string fieldPath, RuntimeException cause)
    {
        var message = $"Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": {cause.Message}";
        events.Warning(pod, "InspectFailed", message, fieldPath);
        events.Warning(pod, "Failed", "Error: InvalidImageName", fieldPath);
        return new AttemptFailedException(StartFailure.Configuration, "InvalidImageName", message, cause);
    }

    private static string DefaultPolicy(string image)
    {
        var name = image[(image.LastIndexOf('/') + 1)..];
        return name.EndsWith(":latest", StringComparison.Ordinal) || !name.AsSpan().ContainsAny(':', '@') ? PullPolicy.Always : PullPolicy.IfNotPresent;
    }

    private async Task<IReadOnlyList<ImageCredential>> CredentialsAsync(Pod pod, CancellationToken cancellationToken)
    {
        var credentials = new List<ImageCredential>();
        foreach (var reference in pod.Spec.ImagePullSecrets)
        {
            // A missing or malformed pull secret is not an error: the pull is tried without, as the kubelet does.
            if (await objects.SecretAsync(pod.Metadata.Namespace, reference.Name, cancellationToken) is { } secret
                && secret.Data.TryGetValue(".dockerconfigjson", out var document))
            {
                credentials.AddRange(Parse(document));
            }
        }

        return credentials;
    }

    private static List<ImageCredential> Parse(ReadOnlyMemory<byte> document)
    {
        var credentials = new List<ImageCredential>();
        try
        {
            using var json = JsonDocument.Parse(document);
            foreach (var entry in json.RootElement.GetProperty("auths").EnumerateObject())
            {
                var user = Text(entry.Value, "username");
                var password = Text(entry.Value, "password");
                if (user.Length == 0 && Text(entry.Value, "auth") is { Length: > 0 } both)
                {
                    var parts = Encoding.UTF8.GetString(Convert.FromBase64String(both)).Split(':', 2);
                    (user, password) = (parts[0], parts.Length > 1 ? parts[1] : "");
                }

                credentials.Add(new ImageCredential(entry.Name, user, password));
            }
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return [];
        }

        return credentials;
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
