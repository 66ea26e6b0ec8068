using System.CommandLine;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Registry;

namespace Coxswain.Verbs.Images;

/// <summary>Verbs that talk to a registry: <c>pull</c>, <c>push</c>.</summary>
internal static class RegistryCommands
{
    public static Command Pull()
    {
        var image = new Argument<string>("IMAGE");
        return new Command("pull", "Get an image from its registry") { image }.WithImages(async (parsed, context, cancellationToken) =>
        {
            var pulled = await context.Images.Registry.PullAsync(
                parsed.GetValue(image)!,
                new PullOptions
                {
                    Credentials = context.Credentials.Find(ImageReference.Parse(parsed.GetValue(image)!).Domain),
                    Progress = new LayerLines(context.Out),
                },
                cancellationToken);
            await context.Out.WriteLineAsync($"{ImageReference.Parse(parsed.GetValue(image)!).Familiar} is {pulled.Id}");
        });
    }

    public static Command Push()
    {
        var image = new Argument<string>("IMAGE");
        return new Command("push", "Put an image into its registry") { image }.WithImages(async (parsed, context, cancellationToken) =>
        {
            var credentials = context.Credentials.Find(ImageReference.Parse(parsed.GetValue(image)!).Domain);
            var digest = await context.Images.Pusher.PushAsync(parsed.GetValue(image)!, credentials, new LayerLines(context.Out), cancellationToken);
            await context.Out.WriteLineAsync($"digest: {digest}");
        });
    }

    /// <summary>One line for each change of a layer's status, as in a pipe.</summary>
    private sealed class LayerLines(TextWriter output) : IProgress<PullProgress>
    {
        private readonly Dictionary<Digest, string> _shown = [];

        public void Report(PullProgress value)
        {
            lock (_shown)
            {
                if (!_shown.TryGetValue(value.Layer, out var status) || status != value.Status)
                {
                    _shown[value.Layer] = value.Status;
                    output.WriteLine($"{value.Layer.Short}: {value.Status}");
                }
            }
        }
    }
}
