using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Audit;

/// <summary>What is written down of one request (audit.k8s.io/v1 Event).</summary>
internal sealed class AuditRecord
{
    /// <summary>More of a body than this is not written down.</summary>
    public const int MostBodyBytes = 256 * 1024;

    private readonly AuditRule _rule;
    private readonly JsonObject _event;
    private readonly bool _omitsManagedFields;

    public AuditRecord(AuditRule rule, in AuditedRequest request, string id, string uri, DateTimeOffset received, bool omitsManagedFields)
    {
        _rule = rule;
        _omitsManagedFields = omitsManagedFields;
        Id = id;
        _event = new JsonObject
        {
            ["kind"] = "Event",
            ["apiVersion"] = "audit.k8s.io/v1",
            ["level"] = rule.Level.ToString(),
            ["auditID"] = id,
            ["stage"] = "RequestReceived",
            ["requestURI"] = uri,
            ["verb"] = request.Verb,
            ["user"] = Describe(request.User),
        };
        if (request.Resource.Length > 0)
        {
            var reference = new JsonObject();
            Set(reference, "resource", request.Resource);
            Set(reference, "namespace", request.Namespace);
            Set(reference, "name", request.Name);
            Set(reference, "apiGroup", request.Group);
            Set(reference, "apiVersion", request.Version);
            Set(reference, "subresource", request.Subresource);
            _event["objectRef"] = reference;
        }

        _event["requestReceivedTimestamp"] = Format(received);
    }

    public string Id { get; }

    public bool TakesRequest => _rule.Level >= AuditLevel.Request;

    public bool TakesResponse => _rule.Level == AuditLevel.RequestResponse;

    /// <summary>What admission says beside the rest.</summary>
    public Dictionary<string, string> Annotations { get; } = new(StringComparer.Ordinal);

    /// <summary>The request's body as JSON; empty while there is none.</summary>
    public ReadOnlyMemory<byte> RequestBody { get; set; }

    public ReadOnlyMemory<byte> ResponseBody { get; set; }

    /// <summary>In whose name the request ran, when that is not who sent it.</summary>
    public void Impersonates(User user) => _event["impersonatedUser"] = Describe(user);

    public void From(string address, string userAgent)
    {
        _event["sourceIPs"] = new JsonArray(address);
        Set(_event, "userAgent", userAgent);
    }

    public bool Writes(string stage) => !_rule.OmittedStages.Contains(stage);

    /// <summary>The event at a stage, as one line.</summary>
    /// <param name="code">The answer's; 0 before there is one.</param>
    public byte[] Line(string stage, DateTimeOffset now, int code)
    {
        var line = (JsonObject)_event.DeepClone();
        line["stage"] = stage;
        if (code > 0)
        {
            line["responseStatus"] = new JsonObject { ["metadata"] = new JsonObject(), ["code"] = code };
            Add(line, "requestObject", RequestBody);
            Add(line, "responseObject", ResponseBody);
        }

        line["stageTimestamp"] = Format(now);
        if (Annotations.Count > 0)
        {
            line["annotations"] = new JsonObject(Annotations.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .Select(entry => KeyValuePair.Create<string, JsonNode?>(entry.Key, entry.Value)));
        }

        return [.. Document.Utf8(line), (byte)'\n'];
    }

    private void Add(JsonObject line, string name, ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            return;
        }

        try
        {
            var node = KubeJson.ParseNode(body.Span);
            if (_omitsManagedFields && node is JsonObject document)
            {
                document.Object("metadata")?.Remove("managedFields");
            }

            line[name] = node;
        }
        catch (JsonException)
        {
            // A body in another form, or cut off, is left out.
        }
    }

    private static JsonObject Describe(User user)
    {
        var described = new JsonObject { ["username"] = user.Name };
        Set(described, "uid", user.Uid);
        described["groups"] = Texts(user.Groups);
        if (user.Extra.Count > 0)
        {
            described["extra"] = new JsonObject(user.Extra.Select(item => KeyValuePair.Create<string, JsonNode?>(item.Key, Texts(item.Value))));
        }

        return described;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    private static void Set(JsonObject target, string name, string text)
    {
        if (text.Length > 0)
        {
            target[name] = text;
        }
    }

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
