using System.Globalization;
using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Builder.Steps;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;
using Coxswain.Linux.Files;

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
        // As in BuildKit what is made belongs to the current USER.
        var tree = state.Tree;
        Ownership? owner = state.Config.User is { Length: > 0 } user ? UserDatabase.Resolve(tree, user) : null;
        using var hash = new StepKey("workdir", state.ChainId);
        var key = hash.Add(path).Add(Text(owner)).Finish();
        var createdBy = $"WORKDIR {path}";
        state.Config = state.Config with { WorkingDir = path };
        if (LayerSteps.TryCached(state, build, key, createdBy, step))
        {
            return;
        }

        var there = tree.Resolve(path);
        string? content = null;
        if (there.Node is { IsDirectory: false })
        {
            throw new BuildException(instruction.Line, $"WORKDIR {path} is a file");
        }

        if (there.Node is null)
        {
            content = LayerStore.NewContent(build.Session);
            MakeDirectories(new LayerWriter(content, state.LayerDirectories), tree, there.Path, owner);
        }

        await LayerSteps.FinishAsync(state, build, key, createdBy, content, cancellationToken);
    }

    private static void MakeDirectories(LayerWriter layer, MergedTree below, string path, Ownership? owner)
    {
        var part = "";
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            part = $"{part}/{name}";
            if (below.Find(part) is null)
            {
                var place = layer.Place(part);
                layer.MakeDirectory(place);
                FileMetadata.ChangeOwner(place, owner?.Uid ?? 0, owner?.Gid ?? 0);
            }
        }
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
        if (!copy.Parents && inputs.Sum(input => input.Sources.Count) > 1 && !destination.EndsWith('/') && tree.Find(destination) is not { IsDirectory: true })
        {
            throw new BuildException(
                copy.Line,
                $"when using {(copy.IsAdd ? "ADD" : "COPY")} with more than one source file, the destination must be a directory and end with a /");
        }

        var plans = inputs.Where(input => !input.IsArchive)
            .Select(input => (Input: input, Plan: CopyPlan.Make(input.Source, input.Sources, destination, tree, input.Selection))).ToArray();
        var archives = inputs.Where(input => input.IsArchive).SelectMany(input => input.Source.Find(input.Sources[0])).ToArray();
        var hashes = await Task.Run(() => Hash(plans, archives, cancellationToken), cancellationToken);
        var key = KeyOf(state, destination, owner, mode, plans, hashes);
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
                var written = new List<string>();
                foreach (var archive in archives)
                {
                    using var file = RawFile.OpenRead(archive.Node.FilePath);
                    using var hashing = new HashingStream(file);
                    using var tar = Compression.OpenRead(hashing);
                    LayerExtractor.ExtractInto(tar, layer, tree.Resolve(destination).Path, cancellationToken);
                    hashing.CopyTo(Stream.Null);
                    written.Add(hashing.Digest.ToString());
                }

                foreach (var (input, plan) in plans)
                {
                    written.Add(
                        new CopyWriter(layer, input.Source.KeepOwners, owner, mode ?? input.Mode).Write(plan, cancellationToken).ToString());
                }

                if (!written.SequenceEqual(hashes))
                {
                    // Remembered, it would be given to every later build whose files are as they were at first.
                    throw new BuildException(copy.Line, $"{copy.Text}: files changed while they were copied, build again");
                }
            },
            cancellationToken);
        await LayerSteps.FinishAsync(state, build, key, createdBy, content, cancellationToken);
    }

    /// <summary>What each archive and each plan holds, in the order in which they are written.</summary>
    private static List<string> Hash(
        (CopyInput Input, CopyPlan Plan)[] plans, SourceFile[] archives, CancellationToken cancellationToken)
    {
        var hashes = new List<string>();
        foreach (var archive in archives)
        {
            using var file = RawFile.OpenRead(archive.Node.FilePath);
            hashes.Add(Images.Digest.FromHash(System.Security.Cryptography.SHA256.HashData(file)).ToString());
        }

        hashes.AddRange(plans.Select(plan => plan.Plan.Hash(cancellationToken).ToString()));
        return hashes;
    }

    private static Images.Digest KeyOf(
        StageState state, string destination, Ownership? owner, uint? mode, (CopyInput Input, CopyPlan Plan)[] plans,
        List<string> hashes)
    {
        using var key = new StepKey("copy", state.ChainId);
        return key.Add(destination).Add(Text(owner)).Add(mode?.ToString() ?? "")
            .AddAll([.. plans.Select(plan => plan.Input.Mode?.ToString() ?? "")]).AddAll(hashes).Finish();
    }

    private static string Text(Ownership? owner) => owner is { } given ? $"{given.Uid}:{given.Gid}" : "";

    /// <summary>Sorts the sources by where they come from: context or stage, here-documents, URLs, archives to unpack.</summary>
    private async Task<IReadOnlyList<CopyInput>> InputsAsync(
        CopyInstruction copy, IReadOnlyList<string> sources, Expander expander, CancellationToken cancellationToken)
    {
        var source = await SourceAsync(copy, cancellationToken);
        var selection = new CopySelection(
            copy.Parents, DockerIgnore.Parse(string.Join('\n', copy.Excludes.Select(expander.Word)), "--exclude"));
        var checksum = expander.Word(copy.Checksum);
        if (checksum.Length > 0 && (sources.Count != 1 || !RemoteFiles.IsUrl(sources[0])))
        {
            throw new BuildException(copy.Line, "ADD --checksum is for one file from a URL");
        }

        var inputs = new List<CopyInput>();
        var plain = new List<string>();
        foreach (var name in sources)
        {
            if (RemoteFiles.IsUrl(name) && copy.IsAdd)
            {
                inputs.Add(await RemoteAsync(name, checksum, copy.Line, cancellationToken));
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
            inputs.Insert(0, new CopyInput(source, plain) { Selection = selection });
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

    private async Task<CopyInput> RemoteAsync(string url, string checksum, int line, CancellationToken cancellationToken)
    {
        if (url.EndsWith(".git", StringComparison.Ordinal))
        {
            throw new BuildException($"ADD of a Git repository is not supported: {url}");
        }

        const uint OwnerOnly = 0x180;
        var directory = build.Session.NewPath("remote");
        Directory.CreateDirectory(directory);
        var name = RemoteFiles.NameOf(url);
        var wanted = checksum.Length == 0 ? default
            : Images.Digest.TryParse(checksum, out var parsed) ? parsed
            : throw new BuildException(line, $"invalid --checksum={checksum}: write sha256: and 64 hexadecimal digits");
        await build.Remote.FetchAsync(url, Path.Combine(directory, name), cancellationToken);
        await using (var file = File.OpenRead(Path.Combine(directory, name)))
        {
            var digest = Images.Digest.FromHash(await System.Security.Cryptography.SHA256.HashDataAsync(file, cancellationToken));
            if (!wanted.IsEmpty && digest != wanted)
            {
                throw new BuildException(line, $"{url} has digest {digest}, not {wanted} as --checksum says");
            }
        }

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
        using var stream = RawFile.OpenRead(file.Node.FilePath);
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
internal sealed record CopyInput(BuildSource Source, IReadOnlyList<string> Sources, bool IsArchive = false, uint? Mode = null)
{
    public CopySelection Selection { get; init; } = CopySelection.All;
}
