using System.CommandLine;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Registry;

namespace Coxswain.CommandLine.Images;

/// <summary>Verbs that talk to a registry: <c>pull</c>, <c>push</c>.</summary>
internal static class RegistryCommands
{
    public static Command Pull()
    {
        var image = new Argument<string>("IMAGE");
        return new Command("pull", "Get an image from its registry") { image }.WithImages(async (parsed, images, cancellationToken) =>
        {
            var pulled = await images.Registry.PullAsync(parsed.GetValue(image)!, new PullOptions { Progress = new LayerLines() }, cancellationToken);
            await Terminal.Out.WriteLineAsync($"{ImageReference.Parse(parsed.GetValue(image)!).Familiar} is {pulled.Id}");
        });
    }

    public static Command Push()
    {
        var image = new Argument<string>("IMAGE");
        return new Command("push", "Put an image into its registry") { image }.WithImages(async (parsed, images, cancellationToken) =>
        {
            var digest = await images.Pusher.PushAsync(parsed.GetValue(image)!, null, new LayerLines(), cancellationToken);
            await Terminal.Out.WriteLineAsync($"digest: {digest}");
        });
    }

    /// <summary>One line for each change of a layer's status, as in a pipe.</summary>
    private sealed class LayerLines : IProgress<PullProgress>
    {
        private readonly Dictionary<Digest, string> _shown = [];

        public void Report(PullProgress value)
        {
            lock (_shown)
            {
                if (!_shown.TryGetValue(value.Layer, out var status) || status != value.Status)
                {
                    _shown[value.Layer] = value.Status;
                    Terminal.Out.WriteLine($"{value.Layer.Short}: {value.Status}");
                }
            }
        }
    }
}
