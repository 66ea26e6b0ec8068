using System.CommandLine;
using Coxswain.Engine.Images.Archives;
using Coxswain.Engine.Images.Documents;

namespace Coxswain.CommandLine.Images;

/// <summary>Verbs for tarballs: <c>save</c>, <c>load</c>, <c>import</c>. Without a file they read or write a pipe.</summary>
internal static class ArchiveCommands
{
    public static Command Save()
    {
        var names = new Argument<string[]>("IMAGE") { Arity = ArgumentArity.OneOrMore };
        var output = new Option<string?>("--output", "-o") { Description = "File to write (default: standard output)" };
        var format = new Option<ImageArchiveFormat>("--format") { Description = "docker or oci", DefaultValueFactory = _ => ImageArchiveFormat.Docker };
        return new Command("save", "Write images to a tarball") { names, output, format }.WithImages(async (parsed, images, cancellationToken) =>
        {
            await using var target = parsed.GetValue(output) is { } path ? File.Create(path) : Terminal.OpenOutput();
            await images.Saver.SaveAsync(parsed.GetValue(names)!, target, parsed.GetValue(format), cancellationToken);
        });
    }

    public static Command Load()
    {
        var input = new Option<string?>("--input", "-i") { Description = "File to read (default: standard input)" };
        return new Command("load", "Read images from a tarball") { input }.WithImages(async (parsed, images, cancellationToken) =>
        {
            await using var source = parsed.GetValue(input) is { } path ? File.OpenRead(path) : Terminal.OpenInput();
            foreach (var image in await images.Loader.LoadAsync(source, cancellationToken))
            {
                await Terminal.Out.WriteLineAsync(image.Tags.Count > 0 ? $"Loaded image: {image.Tags[0].Familiar}" : $"Loaded image ID: {image.Id}");
            }
        });
    }

    public static Command Import()
    {
        var file = new Argument<string>("FILE") { Description = "A tarball of a root file system, or - for standard input" };
        var tag = new Argument<string?>("TAG") { Arity = ArgumentArity.ZeroOrOne };
        var message = new Option<string>("--message", "-m") { Description = "A word on where it came from", DefaultValueFactory = _ => "" };
        return new Command("import", "Make an image of a root file system") { file, tag, message }.WithImages(async (parsed, images, cancellationToken) =>
        {
            var path = parsed.GetValue(file)!;
            await using var source = path == "-" ? Terminal.OpenInput() : File.OpenRead(path);
            var image = await images.Importer.ImportAsync(
                source, parsed.GetValue(tag), new ContainerConfig(), parsed.GetValue(message)!, cancellationToken);
            await Terminal.Out.WriteLineAsync(image.Id.ToString());
        });
    }
}
