using System.CommandLine;
using Coxswain.Engine.Images.Bootstrap;

namespace Coxswain.Verbs.Images;

/// <summary><c>image bootstrap -t NAME:TAG</c>: a base image straight from a Debian archive.</summary>
internal static class BootstrapCommand
{
    public static Command Create()
    {
        var tag = new Option<string>("--tag", "-t") { Description = "Name of the image, NAME:TAG", Required = true };
        var suite = new Option<string>("--suite") { Description = "Debian's release", DefaultValueFactory = _ => "bookworm" };
        var include = new Option<string?>("--include") { Description = "Further packages, separated by commas" };
        var mirror = new Option<string?>("--mirror") { Description = "The archive (default: those this machine uses)" };
        var variant = new Option<string>("--variant") { Description = "mmdebstrap's variant", DefaultValueFactory = _ => "minbase" };
        var force = new Option<bool>("--force") { Description = "Make it anew even when it is there" };
        return new Command("bootstrap", "Make a base image from a Debian archive") { tag, suite, include, mirror, variant, force }
            .WithImages(async (parsed, context, cancellationToken) =>
            {
                var image = await context.Images.Bootstrapper.BootstrapAsync(
                    new BootstrapOptions
                    {
                        Tag = parsed.GetValue(tag)!,
                        Suite = parsed.GetValue(suite)!,
                        Include = parsed.GetValue(include)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
                        Mirror = parsed.GetValue(mirror),
                        Variant = parsed.GetValue(variant)!,
                        Force = parsed.GetValue(force),
                    },
                    context.Out.WriteLine,
                    cancellationToken);
                await context.Out.WriteLineAsync($"{parsed.GetValue(tag)} is {image.Id}");
            });
    }
}
