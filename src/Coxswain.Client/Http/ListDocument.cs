using System.Text.Json;
using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Client.Http;

/// <summary>Reads a list of any kind: its metadata and items.</summary>
internal static class ListDocument
{
    public static KubeList<T> Read<T>(ReadOnlySpan<byte> utf8)
        where T : IKubeObject<T>
    {
        var metadata = ListMeta.Empty;
        IReadOnlyList<T> items = [];
        var reader = new Utf8JsonReader(utf8);
        reader.Read();
        KubeJson.StartObject(ref reader);
        while (KubeJson.NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                metadata = ListMeta.Read(ref reader);
            }
            else if (reader.ValueTextEquals("items"u8))
            {
                reader.Read();
                items = KubeJson.ReadList(ref reader, static (ref Utf8JsonReader item) => T.Read(ref item));
            }
            else
            {
                KubeJson.SkipValue(ref reader);
            }
        }

        return new KubeList<T>(items, metadata);
    }
}
