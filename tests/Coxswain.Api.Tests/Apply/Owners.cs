using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Apply;
using Coxswain.Api.Decoding;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests.Apply;

/// <summary>An object that managers write one after the other.</summary>
internal sealed class Owners(Schema schema, string apiVersion) : IObjectVersions
{
    private int _second;

    public JsonObject Live { get; private set; } = [];

    public ManagedFields Managed { get; private set; } = ManagedFields.None;

    public static Owners OfKind(string apiVersion, string kind) => new(Schemas.Find(new ObjectKind(apiVersion, kind))!, apiVersion);

    public ApplyResult Apply(string manager, string yaml, bool force = false)
    {
        var result = Ownership().Apply(Managed, Live, Parse(yaml), new FieldManager(manager, true, apiVersion), force);
        if (result.Document is not null)
        {
            (Live, Managed) = (result.Document, result.Managed);
        }

        return result;
    }

    public void Update(string manager, string yaml, string subresource = "")
    {
        var next = Parse(yaml);
        Managed = Ownership().Update(Managed, Live, next, new FieldManager(manager, false, apiVersion, subresource));
        Live = next;
    }

    public string? FieldsOf(string manager) =>
        Managed.Entries.FirstOrDefault(entry => entry.Manager.Name == manager) is { } entry ? Encoding.UTF8.GetString(entry.Fields.Utf8.Span) : null;

    public string TimeOf(string manager) => Managed.Entries.Single(entry => entry.Manager.Name == manager).Time;

    public JsonObject Parse(string yaml) => (JsonObject)KubeJson.ParseNode(KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml)))!;

    public Schema? SchemaOf(string version) => version == apiVersion ? schema : null;

    public JsonObject Convert(JsonObject document, string from, string to) => throw new InvalidOperationException("there is one version");

    public string Written()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Managed.Write(writer);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private FieldOwnership Ownership() => new(schema, this, set => set, $"2026-01-01T00:{_second / 60:D2}:{_second++ % 60:D2}Z");
}
