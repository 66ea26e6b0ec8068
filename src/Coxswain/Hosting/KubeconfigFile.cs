using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Coxswain.Hosting;

/// <summary>
/// A user's kubeconfig, in which our cluster, user and context stand among others that are left as they are. Our cluster
/// carries an extension that names its data directory, so that it is never mistaken for somebody else's.
/// See https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/.
/// </summary>
internal sealed class KubeconfigFile
{
    private const string ExtensionName = "coxswain.dev/cluster";
    private const string DataDirectoryKey = "data-directory";

    private readonly string _path;
    private readonly YamlMappingNode _root;

    private KubeconfigFile(string path, YamlMappingNode root)
    {
        _path = path;
        _root = root;
    }

    /// <summary>
    /// The file kubectl would write to: the first of $KUBECONFIG, or ~/.kube/config of the user who called, also under sudo.
    /// </summary>
    public static string UsersPath() =>
        Environment.GetEnvironmentVariable("KUBECONFIG")?.Split(':', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()
        ?? Path.Combine(CallingUser.Current.Home, ".kube", "config");

    public static KubeconfigFile Users() => Open(UsersPath());

    /// <summary>The data directory of the cluster kubectl speaks with at present; null when that is none of ours.</summary>
    public static string? CurrentCluster()
    {
        try
        {
            var file = Users();
            return Scalar(file._root, "current-context") is { } context
                && file.Entry("contexts", context) is { } entry
                && entry.Children.TryGetValue("context", out var body)
                && Scalar(body, "cluster") is { } cluster
                    ? file.DataDirectoryOf(cluster) : null;
        }
        catch (Exception exception) when (exception is CommandFailure or IOException or UnauthorizedAccessException)
        {
            // A kubeconfig that cannot be read chooses nothing; kubectl will say what is wrong with it.
            return null;
        }
    }

    /// <summary>Puts the administrator's access of a cluster into the user's file, as its current context.</summary>
    public static void Merge(ClusterPaths paths, string name)
    {
        var admin = Open(paths.AdminKubeconfig);
        var file = Users();
        file.RequireOurs(name, paths.Data);
        foreach (var (section, key) in new[] { ("clusters", "cluster"), ("users", "user"), ("contexts", "context") })
        {
            var entry = admin.Entry(section, name) ?? throw new CommandFailure($"{paths.AdminKubeconfig} has no entry \"{name}\" in {section}");
            file.Replace(section, name, key, (YamlMappingNode)entry.Children[key]); // as it was written by SetContext
        }

        file._root.Children["current-context"] = name;
        file.Save(CallingUser.Current);
    }

    /// <summary>Reads the file; one that is missing or empty counts as a new one.</summary>
    /// <exception cref="CommandFailure">It is not YAML.</exception>
    public static KubeconfigFile Open(string path)
    {
        // A link is the user's arrangement: what it names is what gets written.
        path = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName; // a link has one
        var stream = new YamlStream();
        if (File.Exists(path))
        {
            using var reader = new StreamReader(path);
            try
            {
                stream.Load(reader);
            }
            catch (YamlException exception)
            {
                throw new CommandFailure($"{path} is not YAML: {exception.Message}", exception);
            }
        }

        var root = stream.Documents.Count > 0 ? stream.Documents[0].RootNode as YamlMappingNode : null;
        return new KubeconfigFile(path, root ?? new YamlMappingNode { { "apiVersion", "v1" }, { "kind", "Config" }, { "preferences", new YamlMappingNode() } });
    }

    /// <summary>Refuses a name under which the file has a context, cluster or user that is not of this cluster.</summary>
    /// <exception cref="CommandFailure">The name is taken.</exception>
    public void RequireOurs(string name, string dataDirectory)
    {
        var isOurs = DataDirectoryOf(name) is { } owner && (owner == dataDirectory || !Directory.Exists(owner));
        if (!isOurs && Array.Exists(["clusters", "users", "contexts"], section => Entry(section, name) is not null))
        {
            throw new CommandFailure($"{_path} has an entry \"{name}\" of another cluster; choose another name with --name");
        }
    }

    /// <summary>Puts the context in, or in the place of one of the same name, and makes it the current one.</summary>
    public void SetContext(string name, string dataDirectory, KubeconfigAccess access)
    {
        Replace("clusters", name, "cluster", new YamlMappingNode
        {
            { "certificate-authority-data", Base64(access.CertificateAuthorityPem) },
            { "extensions", new YamlSequenceNode(new YamlMappingNode
                {
                    { "extension", new YamlMappingNode { { DataDirectoryKey, dataDirectory } } },
                    { "name", ExtensionName },
                }) },
            { "server", access.Server },
        });
        Replace("users", name, "user", new YamlMappingNode
        {
            { "client-certificate-data", Base64(access.CertificatePem) },
            { "client-key-data", Base64(access.KeyPem) },
        });
        Replace("contexts", name, "context", new YamlMappingNode { { "cluster", name }, { "user", name } });
        _root.Children["current-context"] = name;
    }

    /// <summary>
    /// Takes the context out when it is this cluster's; a current context of that name is no longer one. False when there
    /// is nothing of ours under that name.
    /// </summary>
    public bool RemoveContext(string name, string dataDirectory)
    {
        if (DataDirectoryOf(name) != dataDirectory)
        {
            return false;
        }

        foreach (var section in new[] { "clusters", "users", "contexts" })
        {
            if (Entry(section, name) is { } entry)
            {
                Section(section).Children.Remove(entry);
            }
        }

        if (Scalar(_root, "current-context") == name)
        {
            _root.Children["current-context"] = new YamlScalarNode("") { Style = ScalarStyle.DoubleQuoted };
        }

        return true;
    }

    /// <summary>
    /// Replaces the file as a whole, unless it says the same already: that needs no room on a full disk. A new one belongs to its
    /// user, who alone may read it; another keeps its owner and mode.
    /// </summary>
    public void Save(CallingUser user)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(_path))!; // a file is always in a folder
        if (!Directory.Exists(directory))
        {
            Directory.CreateDirectory(directory);
            user.Own(directory);
        }

        var content = ToBytes();
        var isNew = !File.Exists(_path);
        if (!isNew && content.AsSpan().SequenceEqual(File.ReadAllBytes(_path)))
        {
            return;
        }

        var mode = isNew ? UnixFileMode.UserRead | UnixFileMode.UserWrite : File.GetUnixFileMode(_path);
        var temporary = $"{_path}.coxswain";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = mode,
        }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        if (isNew)
        {
            user.Own(temporary);
        }
        else
        {
            CallingUser.OwnerOf(_path).Own(temporary);
        }

        File.Move(temporary, _path, overwrite: true);
    }

    /// <summary>In block style and without a document's end, as people and simple parsers expect it.</summary>
    private byte[] ToBytes()
    {
        UseBlockStyle(_root);
        var stream = new MemoryStream();
        using var writer = new StreamWriter(stream);
        var emitter = new Emitter(writer, new EmitterSettings().WithBestWidth(int.MaxValue));
        emitter.Emit(new StreamStart());
        new YamlStream(new YamlDocument(_root)).Save(new InnerEmitter(emitter), assignAnchors: false);
        emitter.Emit(new StreamEnd());
        writer.Flush();
        return stream.ToArray();
    }

    private static void UseBlockStyle(YamlNode node)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                mapping.Style = mapping.Children.Count > 0 ? MappingStyle.Block : MappingStyle.Flow;
                foreach (var child in mapping.Children.Values)
                {
                    UseBlockStyle(child);
                }

                break;
            case YamlSequenceNode sequence:
                sequence.Style = sequence.Children.Count > 0 ? SequenceStyle.Block : SequenceStyle.Flow;
                foreach (var child in sequence.Children)
                {
                    UseBlockStyle(child);
                }

                break;
        }
    }

    private string? DataDirectoryOf(string cluster)
    {
        if (Entry("clusters", cluster) is not { } entry
            || !entry.Children.TryGetValue("cluster", out var body)
            || body is not YamlMappingNode mapping
            || !mapping.Children.TryGetValue("extensions", out var extensions))
        {
            return null;
        }

        return (extensions as YamlSequenceNode)?.OfType<YamlMappingNode>()
            .Where(extension => Scalar(extension, "name") == ExtensionName)
            .Select(extension => extension.Children.TryGetValue("extension", out var content) ? Scalar(content, DataDirectoryKey) : null)
            .FirstOrDefault();
    }

    private void Replace(string section, string name, string key, YamlMappingNode value)
    {
        if (Entry(section, name) is { } entry)
        {
            entry.Children[key] = value;
        }
        else
        {
            Section(section).Add(new YamlMappingNode { { key, value }, { "name", name } });
        }
    }

    private YamlMappingNode? Entry(string section, string name) =>
        Section(section).OfType<YamlMappingNode>().FirstOrDefault(entry => Scalar(entry, "name") == name);

    private YamlSequenceNode Section(string name)
    {
        if (_root.Children.TryGetValue(name, out var found) && found is YamlSequenceNode section)
        {
            return section;
        }

        // kubectl writes an empty section as null.
        section = new YamlSequenceNode();
        _root.Children[name] = section;
        return section;
    }

    private static string? Scalar(YamlNode node, string key) =>
        node is YamlMappingNode mapping && mapping.Children.TryGetValue(key, out var value) && value is YamlScalarNode { Value.Length: > 0 } scalar
            ? scalar.Value : null;

    private static string Base64(string pem) => Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));

    /// <summary>Passes a document's content on; its beginning and end are implicit, and the stream is the caller's.</summary>
    private sealed class InnerEmitter(IEmitter emitter) : IEmitter
    {
        public void Emit(ParsingEvent @event)
        {
            switch (@event)
            {
                case StreamStart or StreamEnd:
                    break;
                case DocumentStart:
                    emitter.Emit(new DocumentStart(null, [], isImplicit: true));
                    break;
                case DocumentEnd:
                    emitter.Emit(new DocumentEnd(isImplicit: true));
                    break;
                default:
                    emitter.Emit(@event);
                    break;
            }
        }
    }
}

/// <summary>Where a cluster is and who one is there.</summary>
internal sealed record KubeconfigAccess(string Server, string CertificateAuthorityPem, string CertificatePem, string KeyPem);
