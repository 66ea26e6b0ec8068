using System.Text.Json.Nodes;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>events.k8s.io/v1 shows the Events of the core group: the same fields by other names.</summary>
internal sealed class EventsV1Converter : IVersionConverter
{
    private static readonly (string Shown, string Stored)[] Names =
    [
        ("regarding", "involvedObject"), ("note", "message"), ("reportingController", "reportingComponent"), ("deprecatedSource", "source"),
        ("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"),
    ];

    public JsonObject ToStored(JsonObject document)
    {
        foreach (var (shown, stored) in Names)
        {
            document.Move(shown, stored);
        }

        return document;
    }

    public JsonObject FromStored(JsonObject document)
    {
        foreach (var (shown, stored) in Names)
        {
            document.Move(stored, shown);
        }

        return document;
    }

    public string StoredField(string field)
    {
        var dot = field.IndexOf('.', StringComparison.Ordinal);
        var first = dot < 0 ? field : field[..dot];
        foreach (var (shown, stored) in Names)
        {
            if (first == shown)
            {
                return stored + field[first.Length..];
            }
        }

        return field;
    }
}
