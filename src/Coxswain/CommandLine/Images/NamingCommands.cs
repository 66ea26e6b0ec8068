using System.CommandLine;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Rendering;

namespace Coxswain.CommandLine.Images;

/// <summary>Verbs that give and take names: <c>tag</c>, <c>rm</c>, <c>prune</c>.</summary>
internal static class NamingCommands
{
    public static Command Tag()
    {
        var source = new Argument<string>("SOURCE");
        var target = new Argument<string>("TARGET");
        return new Command("tag", "Give an image another name") { source, target }.WithImages((parsed, images, cancellationToken) =>
            images.Store.TagAsync(parsed.GetValue(source)!, parsed.GetValue(target)!, cancellationToken));
    }

    public static Command Remove()
    {
        var names = new Argument<string[]>("IMAGE") { Arity = ArgumentArity.OneOrMore };
        var force = new Option<bool>("--force", "-f") { Description = "Also when it has several names" };
        return new Command("rm", "Remove images") { names, force }.WithImages(async (parsed, images, cancellationToken) =>
        {
            foreach (var name in parsed.GetValue(names)!)
            {
                var removal = await images.Store.RemoveAsync(name, parsed.GetValue(force), cancellationToken);
                Write(removal.Untagged, removal.Deleted);
            }
        });
    }

    public static Command Prune()
    {
        var all = new Option<bool>("--all", "-a") { Description = "All images, not only those without a name" };
        return new Command("prune", "Remove what no image needs") { all }.WithImages(async (parsed, images, cancellationToken) =>
        {
            var report = await images.Store.PruneAsync(new ImagePruneOptions { All = parsed.GetValue(all), BuildCache = true }, cancellationToken);
            Write(report.Untagged, report.Deleted);
            await Terminal.Out.WriteLineAsync($"Total reclaimed space: {HumanUnits.Size(report.SpaceReclaimedBytes)}");
        });
    }

    private static void Write(IReadOnlyList<string> untagged, IReadOnlyList<Digest> deleted)
    {
        foreach (var name in untagged)
        {
            Terminal.Out.WriteLine($"Untagged: {name}");
        }

        foreach (var id in deleted)
        {
            Terminal.Out.WriteLine($"Deleted: {id}");
        }
    }
}
