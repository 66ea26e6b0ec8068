using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Verbs;

/// <summary>
/// The annotation in which kubectl keeps what it applied from its own side. An object moves to server-side apply without conflicts,
/// and can move back, because kubectl's applies read it and keep it as it should be.
/// </summary>
internal static class LastApplied
{
    public const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>What all annotations of an object may have together.</summary>
    private const int MaxSizeBytes = 256 * 1024;

    /// <summary>Whether the annotation is this manager's.</summary>
    public static bool Takes(string manager) => manager == "kubectl";

    /// <summary>What was applied last, when that was in the same version.</summary>
    public static JsonObject? Of(JsonObject live, Schema schema, ObjectKind kind)
    {
        if (live.TextAt("metadata", "annotations", Annotation) is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            return ObjectDecoder.PeekKind(utf8) == kind ? ObjectDecoder.Decode(utf8, kind, schema, FieldValidation.Ignore).Document : null;
        }
        catch (KubeStatusException)
        {
            // Anybody may write annotations.
            return null;
        }
    }

    /// <summary>Sets the annotation, where there is one, to what was applied now.</summary>
    public static void Refresh(JsonObject document, JsonObject configuration)
    {
        if (document.TextAt("metadata", "annotations", Annotation).Length == 0 || document.Metadata().Object("annotations") is not { } annotations)
        {
            return;
        }

        var applied = (JsonObject)configuration.DeepClone();
        applied.Metadata().Object("annotations")?.Remove(Annotation);
        annotations.Remove(Annotation);
        var text = Encoding.UTF8.GetString(Document.Utf8(applied)) + "\n";
        var others = annotations.Sum(annotation => Encoding.UTF8.GetByteCount(annotation.Key) + (annotation.Value.TryText(out var value) ? Encoding.UTF8.GetByteCount(value) : 0));
        if (others + Annotation.Length + Encoding.UTF8.GetByteCount(text) <= MaxSizeBytes)
        {
            annotations[Annotation] = text;
        }
    }
}
