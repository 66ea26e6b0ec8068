using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Coxswain.Hosting;

/// <summary>
/// A user's kubeconfig, in which our cluster, user and context stand among others that are left as they are.
/// See https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/.
/// </summary>
internal sealed class KubeconfigFile
{
    private readonly string _path;
    private readonly YamlMappingNode _root;

    private KubeconfigFile(string path, YamlMappingNode root)
    {
        _path = path;
        _root = root;
    }

    /// <summary>The file kubectl would write to: the first of $KUBECONFIG, or ~/.kube/config.</summary>
    public static string UsersPath() =>
        Environment.GetEnvironmentVariable("KUBECONFIG")?.Split(':', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");

    /// <summary>Reads the file; one that is missing or empty counts as a new one.</summary>
    public static KubeconfigFile Open(string path)
    {
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

    /// <summary>Puts the context in, or in the place of one of the same name, and makes it the current one.</summary>
    public void SetContext(string name, KubeconfigAccess access)
    {
        Replace("clusters", name, "cluster", new YamlMappingNode
        {
            { "certificate-authority-data", Base64(access.CertificateAuthorityPem) },
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

    /// <summary>Takes the context out; a current context of that name is no longer one.</summary>
    public void RemoveContext(string name)
    {
        foreach (var section in new[] { "clusters", "users", "contexts" })
        {
            if (Entry(section, name) is { } entry)
            {
                Section(section).Children.Remove(entry);
            }
        }

        if (_root.Children.TryGetValue("current-context", out var current) && current is YamlScalarNode scalar && scalar.Value == name)
        {
            _root.Children["current-context"] = new YamlScalarNode("") { Style = ScalarStyle.DoubleQuoted };
        }
    }

    /// <summary>Replaces the file as a whole; only its owner may read it.</summary>
    public void Save()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
        var temporary = $"{_path}.coxswain";
        using (var file = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        using (var writer = new StreamWriter(file))
        {
            new YamlStream(new YamlDocument(_root)).Save(writer, assignAnchors: false);
        }

        File.Move(temporary, _path, overwrite: true);
    }

    private void Replace(string section, string name, string key, YamlMappingNode value)
    {
        if (Entry(section, name) is { } entry)
        {
            entry.Children[key] = value;
        }
        else
        {
            Section(section).Add(new YamlMappingNode { { "name", name }, { key, value } });
        }
    }

    private YamlMappingNode? Entry(string section, string name) =>
        Section(section).OfType<YamlMappingNode>().FirstOrDefault(entry =>
            entry.Children.TryGetValue("name", out var found) && found is YamlScalarNode scalar && scalar.Value == name);

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

    private static string Base64(string pem) => Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));
}

/// <summary>Where a cluster is and who one is there.</summary>
internal sealed record KubeconfigAccess(string Server, string CertificateAuthorityPem, string CertificatePem, string KeyPem);
