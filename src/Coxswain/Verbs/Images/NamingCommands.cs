using System.CommandLine;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Rendering;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Verbs.Images;

/// <summary>Verbs that give and take names: <c>tag</c>, <c>rm</c>, <c>prune</c>.</summary>
internal static class NamingCommands
{
    public static Command Tag()
    {
        var source = new Argument<string>("SOURCE");
        var target = new Argument<string>("TARGET");
        return new Command("tag", "Give an image another name") { source, target }.WithImages((parsed, context, cancellationToken) =>
            context.Images.Store.TagAsync(parsed.GetValue(source)!, parsed.GetValue(target)!, cancellationToken));
    }

    public static Command Remove()
    {
        var names = new Argument<string[]>("IMAGE") { Arity = ArgumentArity.OneOrMore };
        var force = new Option<bool>("--force", "-f") { Description = "Also when it has several names" };
        return new Command("rm", "Remove images") { names, force }.WithImages(async (parsed, context, cancellationToken) =>
        {
            foreach (var name in parsed.GetValue(names)!)
            {
                var removal = await context.Images.Store.RemoveAsync(name, parsed.GetValue(force), cancellationToken);
                Write(context.Out, removal.Untagged, removal.Deleted);
            }
        });
    }

    public static Command Prune()
    {
        var all = new Option<bool>("--all", "-a") { Description = "All images, not only those without a name" };
        return new Command("prune", "Remove what no image needs") { all }.WithImages(async (parsed, context, cancellationToken) =>
        {
            var report = await context.Images.Store.PruneAsync(new ImagePruneOptions { All = parsed.GetValue(all), BuildCache = true }, cancellationToken);
            Write(context.Out, report.Untagged, report.Deleted);
            await context.Out.WriteLineAsync($"Total reclaimed space: {HumanUnits.Size(report.SpaceReclaimedBytes)}");
        });
    }

    private static void Write(TextWriter output, IReadOnlyList<string> untagged, IReadOnlyList<Digest> deleted)
    {
        foreach (var name in untagged)
        {
            output.WriteLine($"Untagged: {name}");
        }

        foreach (var id in deleted)
        {
            output.WriteLine($"Deleted: {id}");
        }
    }
}
