using System.CommandLine;
using Coxswain.Engine.Images.Archives;
using Coxswain.Engine.Images.Documents;

namespace Coxswain.Verbs.Images;

/// <summary>Verbs for tarballs: <c>save</c>, <c>load</c>, <c>import</c>. Without a file they read or write a pipe.</summary>
internal static class ArchiveCommands
{
    public static Command Save()
    {
        var names = new Argument<string[]>("IMAGE") { Arity = ArgumentArity.OneOrMore };
        var output = new Option<string?>("--output", "-o") { Description = "File to write (default: standard output)" };
        var format = new Option<ImageArchiveFormat>("--format") { Description = "docker or oci", DefaultValueFactory = _ => ImageArchiveFormat.Docker };
        return new Command("save", "Write images to a tarball") { names, output, format }.WithImages(async (parsed, context, cancellationToken) =>
        {
            // The caller's own output, which has another meaning in the server's process.
            if (parsed.GetValue(output) is not { } path || path is "-" or "/dev/stdout")
            {
                await using var pipe = context.OpenOutput();
                await context.Images.Saver.SaveAsync(parsed.GetValue(names)!, pipe, parsed.GetValue(format), cancellationToken);
                return;
            }

            await OutputFile.WriteAsync(
                context.FullPath(path),
                file => context.Images.Saver.SaveAsync(parsed.GetValue(names)!, file, parsed.GetValue(format), cancellationToken));
        });
    }

    public static Command Load()
    {
        var input = new Option<string?>("--input", "-i") { Description = "File to read (default: standard input)" };
        return new Command("load", "Read images from a tarball") { input }.WithImages(async (parsed, context, cancellationToken) =>
        {
            await using var source = parsed.GetValue(input) is { } path ? File.OpenRead(context.FullPath(path)) : context.OpenInput();
            foreach (var (image, names) in await context.Images.Loader.LoadAsync(source, cancellationToken))
            {
                foreach (var line in names.Select(name => $"Loaded image: {name.Familiar}").DefaultIfEmpty($"Loaded image ID: {image.Id}"))
                {
                    await context.Out.WriteLineAsync(line);
                }
            }
        }, parsed => parsed.GetValue(input) is null);
    }

    public static Command Import()
    {
        var file = new Argument<string>("FILE") { Description = "A tarball of a root file system, or - for standard input" };
        var tag = new Argument<string?>("TAG") { Arity = ArgumentArity.ZeroOrOne };
        var message = new Option<string>("--message", "-m") { Description = "A word on where it came from", DefaultValueFactory = _ => "" };
        return new Command("import", "Make an image of a root file system") { file, tag, message }.WithImages(async (parsed, context, cancellationToken) =>
        {
            var path = parsed.GetValue(file)!;
            await using var source = path == "-" ? context.OpenInput() : File.OpenRead(context.FullPath(path));
            var image = await context.Images.Importer.ImportAsync(
                source, parsed.GetValue(tag), new ContainerConfig(), parsed.GetValue(message)!, cancellationToken);
            await context.Out.WriteLineAsync(image.Id.ToString());
        }, parsed => parsed.GetValue(file) == "-");
    }
}
