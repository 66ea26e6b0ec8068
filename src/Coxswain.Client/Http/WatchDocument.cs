using System.Text.Json;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Client.Http;

/// <summary>Reads one line of a watch.</summary>
internal static class WatchDocument
{
    /// <exception cref="KubeStatusException">The line is an ERROR event.</exception>
    public static WatchEvent<T> Read<T>(ReadOnlySpan<byte> line)
        where T : IKubeObject<T>
    {
        // The type comes first in what servers write, but JSON promises no order: where the object is, is noted.
        string? type = null;
        long start = -1;
        var reader = new Utf8JsonReader(line);
        reader.Read();
        KubeJson.StartObject(ref reader);
        while (KubeJson.NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                type = reader.GetString();
            }
            else if (reader.ValueTextEquals("object"u8))
            {
                reader.Read();
                start = reader.TokenStartIndex;
                reader.Skip();
            }
            else
            {
                KubeJson.SkipValue(ref reader);
            }
        }

        if (start < 0)
        {
            throw new JsonException("a watch event without an object");
        }

        var document = line[(int)start..];
        return type switch
        {
            "ADDED" => new WatchEvent<T>(WatchEventType.Added, KubeJson.Deserialize<T>(document)),
            "MODIFIED" => new WatchEvent<T>(WatchEventType.Modified, KubeJson.Deserialize<T>(document)),
            "DELETED" => new WatchEvent<T>(WatchEventType.Deleted, KubeJson.Deserialize<T>(document)),
            "BOOKMARK" => new WatchEvent<T>(WatchEventType.Bookmark, KubeJson.Deserialize<T>(document)),
            "ERROR" => throw new KubeStatusException(KubeJson.Deserialize<Status>(document)),
            _ => throw new JsonException($"unknown type \"{type}\" of a watch event"),
        };
    }
}
