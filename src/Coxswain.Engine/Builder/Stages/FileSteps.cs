using System.Globalization;
using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Builder.Steps;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>COPY, ADD and WORKDIR: layers that are written without running anything.</summary>
internal sealed class FileSteps(BuildContext build, DockerfileStage stage)
{
    public async Task WorkdirAsync(
        StageState state, WorkdirInstruction instruction, BuildStep step, CancellationToken cancellationToken)
    {
        var path = ConfigSteps.ExpanderFor(state, instruction, build).Word(instruction.Path);
        if (path.Length == 0)
        {
            throw new BuildException(instruction.Line, "WORKDIR requires a path, but its value is empty");
        }

        path = Absolute(state, path).TrimEnd('/');
        path = path.Length == 0 ? "/" : path;
        using var hash = new StepKey("workdir", state.ChainId);
        var key = hash.Add(path).Finish();
        var createdBy = $"WORKDIR {path}";
        state.Config = state.Config with { WorkingDir = path };
        if (LayerSteps.TryCached(state, build, key, createdBy, step))
        {
            return;
        }

        var there = state.Tree.Resolve(path);
        string? content = null;
        if (there.Node is { IsDirectory: false })
        {
            throw new BuildException(instruction.Line, $"WORKDIR {path} is a file");
        }

        if (there.Node is null)
        {
            content = LayerStore.NewContent(build.Session);
            var layer = new LayerWriter(content, state.LayerDirectories);
            layer.MakeDirectory(layer.Place(there.Path));
        }

        await LayerSteps.FinishAsync(state, build, key, createdBy, content, cancellationToken);
    }

    public async Task CopyAsync(StageState state, CopyInstruction copy, BuildStep step, CancellationToken cancellationToken)
    {
        var expander = ConfigSteps.ExpanderFor(state, copy, build);
        var tree = state.Tree;
        var destination = Destination(state, expander.Word(copy.Destination));
        var ownerText = expander.Word(copy.Owner);
        Ownership? owner = ownerText.Length > 0 ? UserDatabase.Resolve(tree, ownerText) : null;
        var mode = Mode(copy, expander.Word(copy.Mode));
        var inputs = await InputsAsync(copy, [.. copy.Sources.Select(expander.Word)], expander, cancellationToken);
        if (inputs.Sum(input => input.Sources.Count) > 1 && !destination.EndsWith('/') && tree.Find(destination) is not { IsDirectory: true })
        {
            throw new BuildException(
                copy.Line,
                $"when using {(copy.IsAdd ? "ADD" : "COPY")} with more than one source file, the destination must be a directory and end with a /");
        }

        var plans = inputs.Where(input => !input.IsArchive)
            .Select(input => (Input: input, Plan: CopyPlan.Make(input.Source, input.Sources, destination, tree))).ToArray();
        var archives = inputs.Where(input => input.IsArchive).SelectMany(input => input.Source.Find(input.Sources[0])).ToArray();
        var key = await Task.Run(() => KeyOf(state, destination, owner, mode, plans, archives, cancellationToken), cancellationToken);
        var createdBy = copy.Text;
        if (LayerSteps.TryCached(state, build, key, createdBy, step))
        {
            return;
        }

        var content = LayerStore.NewContent(build.Session);
        await Task.Run(
            () =>
            {
                var layer = new LayerWriter(content, state.LayerDirectories);
                foreach (var archive in archives)
                {
                    using var file = File.OpenRead(archive.Node.FilePath);
                    using var tar = Compression.OpenRead(file);
                    LayerExtractor.ExtractInto(tar, layer, tree.Resolve(destination).Path, cancellationToken);
                }

                foreach (var (input, plan) in plans)
                {
                    new CopyWriter(layer, input.Source.KeepOwners, owner, mode ?? input.Mode).Write(plan, cancellationToken);
                }
            },
            cancellationToken);
        await LayerSteps.FinishAsync(state, build, key, createdBy, content, cancellationToken);
    }

    private static Images.Digest KeyOf(
        StageState state, string destination, Ownership? owner, uint? mode,
        (CopyInput Input, CopyPlan Plan)[] plans, SourceFile[] archives, CancellationToken cancellationToken)
    {
        using var key = new StepKey("copy", state.ChainId);
        key.Add(destination).Add(owner is { } given ? $"{given.Uid}:{given.Gid}" : "").Add(mode?.ToString() ?? "");
        foreach (var (input, plan) in plans)
        {
            key.Add(input.Mode?.ToString() ?? "");
            plan.Hash(key.Hash, cancellationToken);
        }

        foreach (var archive in archives)
        {
            key.Add("archive");
            using var file = File.OpenRead(archive.Node.FilePath);
            key.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(file)));
        }

        return key.Finish();
    }

    /// <summary>Sorts the sources by where they come from: context or stage, here-documents, URLs, archives to unpack.</summary>
    private async Task<IReadOnlyList<CopyInput>> InputsAsync(
        CopyInstruction copy, IReadOnlyList<string> sources, Expander expander, CancellationToken cancellationToken)
    {
        var source = await SourceAsync(copy, cancellationToken);
        var inputs = new List<CopyInput>();
        var plain = new List<string>();
        foreach (var name in sources)
        {
            if (RemoteFiles.IsUrl(name) && copy.IsAdd)
            {
                inputs.Add(await RemoteAsync(name, cancellationToken));
            }
            else if (copy.IsAdd && source.Find(name) is [{ Status.IsRegular: true } file] && IsArchive(file))
            {
                inputs.Add(new CopyInput(source, [name], IsArchive: true));
            }
            else
            {
                plain.Add(name);
            }
        }

        if (plain.Count > 0)
        {
            inputs.Insert(0, new CopyInput(source, plain));
        }

        if (copy.Documents.Count > 0)
        {
            inputs.Add(Documents(copy, expander));
        }

        return inputs;
    }

    private async Task<BuildSource> SourceAsync(CopyInstruction copy, CancellationToken cancellationToken)
    {
        if (copy.From.Length == 0)
        {
            return build.Source;
        }

        if (StageGraph.FindSource(build.Dockerfile, copy, stage.Index) is { } earlier)
        {
            return build.Done[earlier.Index].AsSource($"stage {earlier.DisplayName}");
        }

        var image = await build.Images.GetAsync(copy.From, copy.Line, cancellationToken);
        var layers = await build.Store.UnpackAsync(build.Session, image.Manifest, image.Configuration, cancellationToken);
        return BuildSource.OfLayers([.. layers.Reverse().Select(layer => layer.Directory)], $"image {copy.From}");
    }

    private async Task<CopyInput> RemoteAsync(string url, CancellationToken cancellationToken)
    {
        if (url.EndsWith(".git", StringComparison.Ordinal))
        {
            throw new BuildException($"ADD of a Git repository is not supported: {url}");
        }

        const uint OwnerOnly = 0x180;
        var directory = build.Session.NewPath("remote");
        Directory.CreateDirectory(directory);
        var name = RemoteFiles.NameOf(url);
        await build.Remote.FetchAsync(url, Path.Combine(directory, name), cancellationToken);
        return new CopyInput(BuildSource.OfContext(directory, DockerIgnore.None), [Escape(name)], Mode: OwnerOnly);
    }

    private CopyInput Documents(CopyInstruction copy, Expander expander)
    {
        const uint Readable = 0x1A4;
        var directory = build.Session.NewPath("documents");
        Directory.CreateDirectory(directory);
        foreach (var document in copy.Documents)
        {
            File.WriteAllText(
                Path.Combine(directory, document.Name), document.Expand ? expander.Document(document.Content) : document.Content);
        }

        return new CopyInput(
            BuildSource.OfContext(directory, DockerIgnore.None), [.. copy.Documents.Select(document => document.Name)], Mode: Readable);
    }

    private static bool IsArchive(SourceFile file)
    {
        using var stream = File.OpenRead(file.Node.FilePath);
        return ArchiveDetection.IsTar(stream);
    }

    private static string Destination(StageState state, string text)
    {
        if (text.Length == 0)
        {
            throw new BuildException("the destination is empty");
        }

        var isDirectory = text.EndsWith('/') || text is "." || text.EndsWith("/.", StringComparison.Ordinal);
        var path = Absolute(state, text).TrimEnd('/');
        return isDirectory || path.Length == 0 ? path + "/" : path;
    }

    private static string Absolute(StageState state, string path) =>
        path.StartsWith('/') ? path : $"{(state.Config.WorkingDir ?? "/").TrimEnd('/')}/{path}";

    private static uint? Mode(CopyInstruction copy, string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        return text.Length <= 5 && text.All(digit => digit is >= '0' and <= '7')
            ? Convert.ToUInt32(text, 8) & 0xFFF
            : throw new BuildException(copy.Line, string.Create(CultureInfo.InvariantCulture, $"invalid --chmod={text}: write an octal mode such as 0755"));
    }

    private static string Escape(string name) => PathPattern.HasWildcard(name) ? $"\\{string.Join('\\', name.ToCharArray())}" : name;
}

/// <param name="Mode">Of files that have none of their own.</param>
internal sealed record CopyInput(BuildSource Source, IReadOnlyList<string> Sources, bool IsArchive = false, uint? Mode = null);
