using System.Buffers;
using System.Text.Json;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.Node.Planning;

namespace Coxswain.Node.Pods;

/// <summary>
/// The fields of a pod's status that the API does not have yet, as a merge patch. Fields that are others' to write are never in it;
/// <c>conditions</c>, a list with other writers, goes whole and so only onto the version it was merged with.
/// </summary>
internal sealed class PodStatusChanges
{
    private const string ConditionsName = "conditions";

    private static readonly Field[] Fields =
    [
        new("observedGeneration", (to, from) => to with { ObservedGeneration = from.ObservedGeneration }),
        new("phase", (to, from) => to with { Phase = from.Phase }),
        new(ConditionsName, (to, from) => to with { Conditions = from.Conditions }),
        new("message", (to, from) => to with { Message = from.Message }),
        new("reason", (to, from) => to with { Reason = from.Reason }),
        new("hostIP", (to, from) => to with { HostIP = from.HostIP }),
        new("hostIPs", (to, from) => to with { HostIPs = from.HostIPs }),
        new("podIP", (to, from) => to with { PodIP = from.PodIP }),
        new("podIPs", (to, from) => to with { PodIPs = from.PodIPs }),
        new("startTime", (to, from) => to with { StartTime = from.StartTime }),
        new("initContainerStatuses", (to, from) => to with { InitContainerStatuses = from.InitContainerStatuses }),
        new("containerStatuses", (to, from) => to with { ContainerStatuses = from.ContainerStatuses }),
        new("ephemeralContainerStatuses", (to, from) => to with { EphemeralContainerStatuses = from.EphemeralContainerStatuses }),
        new("qosClass", (to, from) => to with { QosClass = from.QosClass }),
    ];

    private readonly Pod _known;
    private readonly PodStatus _changed;
    private readonly List<string> _names;

    private PodStatusChanges(Pod known, PodStatus changed, List<string> names)
    {
        _known = known;
        _changed = changed;
        _names = names;
    }

    public bool IsEmpty => _names.Count == 0;

    /// <param name="known">The pod as the API has it.</param>
    /// <param name="acknowledged">What the API made of <paramref name="written"/>: where it has something else now, it is written again.</param>
    public static PodStatusChanges Between(Pod known, PodStatus acknowledged, PodStatus written, PodStatus wanted)
    {
        var changed = PodStatus.Empty;
        var names = new List<string>();
        if (written == wanted && acknowledged == known.Status)
        {
            return new PodStatusChanges(known, changed, names); // Nearly always: nothing is copied to find that out.
        }

        foreach (var field in Fields)
        {
            if (!Same(field, written, wanted) || !Same(field, acknowledged, known.Status))
            {
                changed = field.Copy(changed, wanted);
                names.Add(field.Name);
            }
        }

        if (names.Contains(ConditionsName))
        {
            changed = changed with { Conditions = OwnConditions.Merge(wanted.Conditions, known.Status.Conditions) };
        }

        return new PodStatusChanges(known, changed, names);
    }

    /// <summary>The merge patch. Refused for a pod of the same name that is another one.</summary>
    /// <param name="uid">Of the pod that is patched.</param>
    /// <param name="resourceVersion">The one that lists with other writers were merged with.</param>
    public ReadOnlyMemory<byte> Encode(string uid, string resourceVersion)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", uid);
            if (_names.Contains(ConditionsName))
            {
                writer.WriteString("resourceVersion", resourceVersion);
            }

            writer.WriteEndObject();
            writer.WritePropertyName("status");
            WriteStatus(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Conditions of others change without us: only our own count.</summary>
    private static bool Same(Field field, PodStatus left, PodStatus right) => field.Name == ConditionsName
        ? field.Copy(PodStatus.Empty, Own(left)) == field.Copy(PodStatus.Empty, Own(right))
        : field.Copy(PodStatus.Empty, left) == field.Copy(PodStatus.Empty, right);

    private static PodStatus Own(PodStatus status) => status with { Conditions = [.. status.Conditions.Where(OwnConditions.Contains)] };

    /// <summary>Our types leave out most of what is empty, where a merge patch wants null, and write some fields always, where it wants none.</summary>
    private void WriteStatus(Utf8JsonWriter writer)
    {
        using var changed = JsonDocument.Parse(KubeJson.Serialize(_changed));
        writer.WriteStartObject();
        foreach (var name in _names)
        {
            writer.WritePropertyName(name);
            if (changed.RootElement.TryGetProperty(name, out var value))
            {
                value.WriteTo(writer);
            }
            else
            {
                writer.WriteNullValue();
            }
        }

        writer.WriteEndObject();
    }

    /// <param name="Copy">The first with the field of the second.</param>
    private sealed record Field(string Name, Func<PodStatus, PodStatus, PodStatus> Copy);
}
