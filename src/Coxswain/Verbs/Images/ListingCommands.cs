using System.CommandLine;
using System.Text.Json;
using Coxswain.Engine.Images.Rendering;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Verbs.Images;

/// <summary>Verbs that show: <c>ls</c>, <c>history</c>, <c>inspect</c>.</summary>
internal static class ListingCommands
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command List()
    {
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Only ids" };
        var noTrunc = new Option<bool>("--no-trunc") { Description = "Whole ids" };
        var command = new Command("ls", "List images") { quiet, noTrunc };
        command.Aliases.Add("list");
        return command.WithImages(async (parsed, context, cancellationToken) =>
        {
            var all = await context.Images.Store.ListAsync(cancellationToken);
            Write(context.Out, parsed.GetValue(quiet)
                ? all.Select(image => parsed.GetValue(noTrunc) ? image.Id.ToString() : image.Id.Short)
                : ImageTable.Images(all, context.Time.GetUtcNow(), parsed.GetValue(noTrunc)));
        });
    }

    public static Command History()
    {
        var image = new Argument<string>("IMAGE");
        var noTrunc = new Option<bool>("--no-trunc") { Description = "Whole ids and commands" };
        return new Command("history", "Show how an image was made") { image, noTrunc }.WithImages(async (parsed, context, cancellationToken) =>
            Write(context.Out, ImageTable.History(
                await context.Images.Store.HistoryAsync(parsed.GetValue(image)!, cancellationToken), context.Time.GetUtcNow(), parsed.GetValue(noTrunc))));
    }

    public static Command Inspect()
    {
        var names = new Argument<string[]>("IMAGE") { Arity = ArgumentArity.OneOrMore };
        return new Command("inspect", "Show all that is known of images, as JSON") { names }.WithImages(async (parsed, context, cancellationToken) =>
        {
            var found = new List<ImageInspection>();
            foreach (var name in parsed.GetValue(names)!)
            {
                found.Add(ImageInspection.Of(await context.Images.Store.GetAsync(name, cancellationToken)));
            }

            await context.Out.WriteLineAsync(JsonSerializer.Serialize(found, Indented));
        });
    }

    private static void Write(TextWriter output, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            output.WriteLine(line);
        }
    }

    /// <summary>The fields of <c>docker image inspect</c> that scripts read.</summary>
    private sealed record ImageInspection(
        string Id, IEnumerable<string> RepoTags, IEnumerable<string> RepoDigests, DateTimeOffset? Created, string? Architecture, string? Os,
        long Size, Engine.Images.Documents.ContainerConfig Config)
    {
        public static ImageInspection Of(Image image) => new(
            image.Id.ToString(), image.Tags.Select(tag => tag.Familiar), image.RepositoryDigests, image.Configuration.Created,
            image.Configuration.Architecture, image.Configuration.OperatingSystem, image.SizeBytes, image.Config);
    }
}
