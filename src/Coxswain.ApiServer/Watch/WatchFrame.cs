using System.Buffers;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Client;
using Coxswain.Store;

namespace Coxswain.ApiServer.Watch;

/// <summary>One event as a line of a watch's answer. The frame of a store event is made once for all its watchers.</summary>
internal sealed class WatchFrame(byte[] bytes)
{
    public byte[] Bytes { get; } = bytes;

    public static byte[] Of(ServedResource resource, in WatchItem item)
    {
        if (item.Entry is not { } entry)
        {
            return Around("BOOKMARK", BookmarkObject(resource, item));
        }

        if (item.Source is { } source && IsOwnType(source, item.Type))
        {
            return source.Derive(static change => new WatchFrame(Encode(
                TypeOf(change), change.Entry ?? change.Previous!, change.Revision))).Bytes; // a deletion has a previous entry
        }

        return Encode(item.Type, entry, item.Revision);
    }

    /// <summary>One line around any JSON.</summary>
    public static byte[] Around(string type, ReadOnlySpan<byte> json)
    {
        var output = new ArrayBufferWriter<byte>(json.Length + 40);
        Open(output, type);
        output.Write(json);
        output.Write("}\n"u8);
        return output.WrittenSpan.ToArray();
    }

    public static string NameOf(WatchEventType type) => type switch
    {
        WatchEventType.Added => "ADDED",
        WatchEventType.Modified => "MODIFIED",
        WatchEventType.Deleted => "DELETED",
        _ => "BOOKMARK",
    };

    private static bool IsOwnType(StoreEvent change, WatchEventType type) => TypeOf(change) == type;

    private static WatchEventType TypeOf(StoreEvent change) => change.Type switch
    {
        StoreEventType.Created => WatchEventType.Added,
        StoreEventType.Updated => WatchEventType.Modified,
        _ => WatchEventType.Deleted,
    };

    private static byte[] Encode(WatchEventType type, StoreEntry entry, long revision)
    {
        var output = new ArrayBufferWriter<byte>(ObjectWriter.Length(entry, revision) + 40);
        Open(output, NameOf(type));
        ObjectWriter.Write(output, entry, revision);
        output.Write("}\n"u8);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The JSON of the object in a bookmark: its kind, and how far the watch has come.</summary>
    public static byte[] BookmarkObject(ServedResource resource, in WatchItem item)
    {
        var annotations = item.EndsInitialEvents ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "";
        return System.Text.Encoding.UTF8.GetBytes(
            $"{{\"kind\":\"{resource.Resource.Kind}\",\"apiVersion\":\"{resource.Resource.ApiVersion}\","
            + $"\"metadata\":{{\"resourceVersion\":\"{ResourceVersions.Format(item.Revision)}\",\"creationTimestamp\":null{annotations}}}}}");
    }

    private static void Open(ArrayBufferWriter<byte> output, string type)
    {
        output.Write("{\"type\":\""u8);
        output.Write(System.Text.Encoding.ASCII.GetBytes(type));
        output.Write("\",\"object\":"u8);
    }
}
