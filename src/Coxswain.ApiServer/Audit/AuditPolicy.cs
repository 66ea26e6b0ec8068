using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Audit;

/// <summary>Says of each request how much of it is written down: the first rule that matches decides.</summary>
internal sealed class AuditPolicy
{
    private static readonly string[] Stages = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];

    private readonly IReadOnlyList<AuditRule> _rules;

    private AuditPolicy(IReadOnlyList<AuditRule> rules, bool omitsManagedFields)
    {
        _rules = rules;
        OmitsManagedFields = omitsManagedFields;
    }

    /// <summary>Whether objects are written down without who owns what.</summary>
    public bool OmitsManagedFields { get; }

    /// <exception cref="FormatException">The text is no policy; the message says where and why.</exception>
    public static AuditPolicy Parse(string text)
    {
        JsonObject policy;
        try
        {
            policy = KubeJson.ParseNode(KubeYaml.ToJson(Encoding.UTF8.GetBytes(text))) as JsonObject ?? throw new FormatException("the audit policy is not an object");
        }
        catch (Exception exception) when (exception is not FormatException)
        {
            throw new FormatException($"the audit policy cannot be read: {exception.Message}", exception);
        }

        if (policy.Text("kind") != "Policy" || policy.Text("apiVersion") is not ("audit.k8s.io/v1" or "audit.k8s.io/v1beta1"))
        {
            throw new FormatException($"expected a Policy of audit.k8s.io/v1, got {policy.Text("kind")} of {policy.Text("apiVersion")}");
        }

        List<string> omitted = [.. policy["omitStages"].Texts()];
        var rules = (policy.Array("rules") ?? []).OfType<JsonObject>().Select((rule, index) => Read(rule, index, omitted)).ToList();
        return rules.Count == 0 ? throw new FormatException("rules: an audit policy has at least one rule")
            : new AuditPolicy(rules, policy.Truth("omitManagedFields") == true);
    }

    /// <summary>Null when nothing of it is written down.</summary>
    public AuditRule? Find(in AuditedRequest request)
    {
        foreach (var rule in _rules)
        {
            if (rule.Matches(request))
            {
                return rule.Level == AuditLevel.None ? null : rule;
            }
        }

        return null;
    }

    private static AuditRule Read(JsonObject rule, int index, List<string> omitted)
    {
        if (!Enum.TryParse<AuditLevel>(rule.Text("level"), out var level) || !Enum.IsDefined(level))
        {
            throw new FormatException($"rules[{index}].level: expected None, Metadata, Request or RequestResponse, got \"{rule.Text("level")}\"");
        }

        List<string> stages = [.. rule["omitStages"].Texts(), .. omitted];
        if (stages.Find(stage => !Stages.Contains(stage)) is { } unknown)
        {
            throw new FormatException($"rules[{index}].omitStages: there is no stage \"{unknown}\"");
        }

        return new AuditRule(level, [.. rule["users"].Texts()], [.. rule["userGroups"].Texts()], [.. rule["verbs"].Texts()])
        {
            Resources = rule.Array("resources") is { } resources ? [.. resources.OfType<JsonObject>().Select(item => new AuditedResources(
                item.Text("group"), [.. item["resources"].Texts()], [.. item["resourceNames"].Texts()]))] : null,
            Namespaces = [.. rule["namespaces"].Texts()],
            Paths = rule["nonResourceURLs"] is JsonArray paths ? [.. paths.Texts()] : null,
            OmittedStages = stages,
        };
    }
}
