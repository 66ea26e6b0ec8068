using System.Globalization;
using Coxswain.Engine.Images.Archives;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Images.Bootstrap;

/// <summary>Makes base images straight from a Debian archive, for places without a public registry.</summary>
public sealed class ImageBootstrapper(ImageStore store, IProcessRunner processes)
{
    /// <summary>Holds what the image was made of, so that asking again for the same is answered at once.</summary>
    private const string InputsLabel = "coxswain.dev/bootstrap";

    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Makes the directories of the merged /usr itself; without it the package usrmerge does, and brings 45 MB of Perl.</summary>
    private const string MergedUsrHook = "/usr/share/mmdebstrap/hooks/maybe-merged-usr";

    /// <summary>
    /// What nobody reads in a container; licences stay, images are given away. Not given to mmdebstrap, which would pass every
    /// package through a filter in Python: removing it afterwards saves half of the time.
    /// </summary>
    private static readonly string[] Excluded =
        ["usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/doc"];

    /// <summary>The same for packages that a Dockerfile installs, and no flushing of every file: a layer counts only when it is whole.</summary>
    private const string DpkgConfiguration = """
        force-unsafe-io
        path-exclude=/usr/share/man/*
        path-exclude=/usr/share/info/*
        path-exclude=/usr/share/locale/*
        path-exclude=/usr/share/lintian/*
        path-exclude=/usr/share/doc/*
        path-include=/usr/share/doc/*/copyright

        """;

    /// <summary>What apt-get downloads and works out in a RUN is of no use in the layer.</summary>
    private const string AptConfiguration = """
        APT::Keep-Downloaded-Packages "false";
        Dir::Cache::pkgcache "";
        Dir::Cache::srcpkgcache "";
        Acquire::GzipIndexes "true";
        Acquire::Languages "none";

        """;

    /// <param name="output">Called with mmdebstrap's lines as they come.</param>
    /// <exception cref="ImageException">mmdebstrap failed; the message holds its last lines.</exception>
    public async Task<Image> BootstrapAsync(BootstrapOptions options, Action<string> output, CancellationToken cancellationToken)
    {
        var name = ImageStore.ParseTag(options.Tag);
        Check(options);
        var inputs = $"suite={options.Suite} variant={options.Variant} include={string.Join(',', options.Include.Order(StringComparer.Ordinal))} mirror={options.Mirror}";
        if (!options.Force && await store.FindAsync(name.ToString(), cancellationToken) is { } known
            && known.Config.Labels?.GetValueOrDefault(InputsLabel) == inputs)
        {
            output($"{name.Familiar} is there already, made of the same (--force makes it anew)");
            return known;
        }

        using var session = await store.OpenSessionAsync(cancellationToken);
        var content = LayerStore.NewContent(session);
        await RunAsync(options, content, output, cancellationToken);
        MakeSmall(content);
        output("adding the image to the store");
        var config = new ContainerConfig
        {
            Env = [DefaultPath],
            Cmd = ["bash"],
            Labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { [InputsLabel] = inputs },
        };
        return await new RootFilesystemImporter(store).AdoptAsync(
            session, content, name, config, $"mmdebstrap {inputs}", cancellationToken);
    }

    private async Task RunAsync(
        BootstrapOptions options, string directory, Action<string> output, CancellationToken cancellationToken)
    {
        var arguments = new List<string>
        {
            "--mode=root", "--format=directory", $"--variant={options.Variant}",
            "--dpkgopt=force-unsafe-io", "--aptopt=Acquire::Languages \"none\"",
        };
        if (Directory.Exists(MergedUsrHook))
        {
            arguments.Add($"--hook-dir={MergedUsrHook}");
        }

        if (options.Include.Count > 0)
        {
            arguments.Add($"--include={string.Join(',', options.Include)}");
        }

        arguments.AddRange([options.Suite, directory]);
        if (options.Mirror is { } mirror)
        {
            arguments.Add(mirror);
        }

        try
        {
            await processes.RunAsync(
                new ProcessSpec("mmdebstrap", arguments)
                {
                    // dpkg redraws its percentages in place; the last state is the one to show.
                    OnOutputLine = line => output(line[(line.LastIndexOf('\r') + 1)..]),
                    ExtraEnvironment = new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" },
                    NewSession = true,
                },
                cancellationToken);
        }
        catch (ProcessFailedException exception)
        {
            var hint = exception.ExitCode < 0 ? " (apt-get install mmdebstrap)" : "";
            throw new ImageException(ImageErrorKind.Failed, exception.Message + hint, exception);
        }
    }

    /// <summary>Takes out what is excluded, and what belongs to a machine rather than an image: names, caches, logs, devices.</summary>
    private static void MakeSmall(string root)
    {
        foreach (var file in new[] { "etc/hostname", "etc/resolv.conf", "etc/machine-id", "var/cache/ldconfig/aux-cache" })
        {
            TreeRemover.Remove(Path.Combine(root, file));
        }

        foreach (var directory in Excluded.Concat(["var/lib/apt/lists", "var/cache/apt", "var/log"]))
        {
            RemoveFiles(Path.Combine(root, directory));
        }

        // runc mounts a new /dev over it.
        foreach (var name in FileNodes.Names(Path.Combine(root, "dev")))
        {
            TreeRemover.Remove(Path.Combine(root, "dev", name));
        }

        WriteConfiguration(Path.Combine(root, "etc/dpkg/dpkg.cfg.d"), DpkgConfiguration);
        WriteConfiguration(Path.Combine(root, "etc/apt/apt.conf.d"), AptConfiguration);
    }

    private static void WriteConfiguration(string directory, string content)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "90-container"), content);
    }

    /// <summary>Empties a directory of files but for licences; programs expect the directories themselves.</summary>
    private static void RemoveFiles(string directory)
    {
        if (FileStatus.TryRead(directory) is not { IsDirectory: true })
        {
            return;
        }

        foreach (var name in FileNodes.Names(directory))
        {
            var path = Path.Combine(directory, name);
            if (FileStatus.Read(path).IsDirectory)
            {
                RemoveFiles(path);
            }
            else if (name != "copyright")
            {
                FileNodes.Remove(path);
            }
        }
    }

    private static void Check(BootstrapOptions options)
    {
        foreach (var word in options.Include.Append(options.Suite).Append(options.Variant))
        {
            // They become arguments of mmdebstrap and apt: nothing that could be an option or a path.
            if (word.Length == 0 || word.StartsWith('-') || !word.All(c => char.IsAsciiLetterOrDigit(c) || "+-.~:=_".Contains(c)))
            {
                throw new ImageException(
                    ImageErrorKind.Invalid,
                    string.Create(CultureInfo.InvariantCulture, $"\"{word}\" is not the name of a package, suite or variant"));
            }
        }
    }
}
