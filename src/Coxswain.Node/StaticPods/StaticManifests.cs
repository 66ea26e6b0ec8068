using System.Security.Cryptography;
using System.Text;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.Api.Schemata;
using Coxswain.Api.Validation;
using Coxswain.Node.PodFacts;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.StaticPods;

/// <summary>Reads the pods that an operator put into a directory of the node, one a file.</summary>
internal sealed partial class StaticManifests(string directory, string nodeName, TimeProvider time, ILogger logger)
{
    /// <summary>Of more files the first by name are read.</summary>
    public const int MostFiles = 256;

    public const int MostBytes = 1024 * 1024;

    private static readonly ObjectKind Kind = new("v1", "Pod");

    /// <summary>What was wrong with each file when it was read last, so that it is said once.</summary>
    private Dictionary<string, string> _faults = new(StringComparer.Ordinal);

    /// <summary>When each pod was first seen; of those that are there.</summary>
    private Dictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);

    private volatile HashSet<string> _uids = [];

    /// <summary>Whether there is a pod of that UID, as the directory was read last.</summary>
    public bool Contains(string uid) => _uids.Contains(uid);

    /// <summary>All there are now, each name once. A file that cannot be used is passed over. Not for concurrent use.</summary>
    public IReadOnlyList<Pod> Read()
    {
        Directory.CreateDirectory(directory);
        var pods = new Dictionary<string, Pod>(StringComparer.Ordinal);
        var faults = new Dictionary<string, string>(StringComparer.Ordinal);
        var seen = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        // An empty file is about to be written.
        var files = new DirectoryInfo(directory).EnumerateFiles().Where(file => file.Name[0] != '.' && file.Length > 0)
            .Select(file => file.FullName).Order(StringComparer.Ordinal).Take(MostFiles);
        foreach (var file in files)
        {
            try
            {
                var pod = Read(file, seen);
                if (!pods.TryAdd($"{pod.Metadata.Namespace}/{pod.Metadata.Name}", pod))
                {
                    faults[file] = $"pod {pod.Metadata.Namespace}/{pod.Metadata.Name} is in another file already";
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or KubeStatusException)
            {
                faults[file] = exception.Message;
            }
        }

        foreach (var (file, fault) in faults.Where(fault => _faults.GetValueOrDefault(fault.Key) != fault.Value))
        {
            Log.NotUsed(logger, file, fault);
        }

        (_faults, _seen) = (faults, seen);
        _uids = pods.Values.Select(pod => pod.Metadata.Uid).ToHashSet(StringComparer.Ordinal);
        return [.. pods.Values];
    }

    private Pod Read(string file, Dictionary<string, DateTimeOffset> seen)
    {
        if (new FileInfo(file).Length > MostBytes)
        {
            throw new IOException($"it has more than {MostBytes} bytes");
        }

        var decoded = ObjectDecoder.DecodeYaml(File.ReadAllBytes(file), Kind, FieldValidation.Strict).Document;
        ObjectDefaulting.Apply(decoded, Schemas.Find(Kind)!); // It is built in.
        var uid = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{nodeName}\n{file}\n{decoded.ToJsonString()}")))[..32];
        var at = seen[uid] = _seen.TryGetValue(uid, out var first) ? first : time.GetUtcNow();
        var pod = Complete(KubeJson.Deserialize<Pod>(Encoding.UTF8.GetBytes(decoded.ToJsonString())), uid, at);
        var errors = ObjectValidation.ValidateCreate(pod);
        return errors.Count == 0 ? pod : throw new KubeStatusException(Statuses.Invalid(Kind, pod.Metadata.Name, errors));
    }

    /// <summary>Named after the node, bound to it, and never driven off by a taint.</summary>
    private Pod Complete(Pod pod, string uid, DateTimeOffset seen) => pod with
    {
        Metadata = pod.Metadata with
        {
            Name = $"{pod.Metadata.Name}-{nodeName.ToLowerInvariant()}",
            Namespace = pod.Metadata.Namespace.Length > 0 ? pod.Metadata.Namespace : "default",
            Uid = uid,
            CreationTimestamp = seen,
            Annotations = new Dictionary<string, string>(pod.Metadata.Annotations, StringComparer.Ordinal)
            {
                [MirrorPods.HashAnnotation] = uid,
                [MirrorPods.SourceAnnotation] = "file",
                [MirrorPods.SeenAnnotation] = KubeTime.Format(seen),
            },
        },
        Spec = pod.Spec with
        {
            NodeName = nodeName,
            Tolerations = [.. pod.Spec.Tolerations, new Toleration { Operator = "Exists", Effect = "NoExecute" }],
        },
        Status = PodStatus.Empty,
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The manifest {File} makes no static pod: {Fault}")]
        public static partial void NotUsed(ILogger logger, string file, string fault);
    }
}
