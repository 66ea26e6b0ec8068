using Coxswain.Api.Core.V1;
using Coxswain.Controllers.Revisions;

namespace Coxswain.Controllers.Apps;

/// <summary>The short name of a Deployment's pod template, by which its ReplicaSets are told apart.</summary>
internal static class PodTemplateHash
{
    public const string Label = "pod-template-hash";

    /// <inheritdoc cref="TemplateHash.Of"/>
    public static string Of(PodTemplateSpec template, int collisions) => TemplateHash.Of(template, collisions);

    /// <summary>The template as the Deployment has it, without the label its ReplicaSet added.</summary>
    public static PodTemplateSpec Without(PodTemplateSpec template) => template.Metadata.Labels.ContainsKey(Label)
        ? template with { Metadata = template.Metadata with { Labels = template.Metadata.Labels.Where(label => label.Key != Label).ToDictionary() } }
        : template;

    public static IReadOnlyDictionary<string, string> AddTo(IReadOnlyDictionary<string, string> labels, string hash) =>
        new Dictionary<string, string>(labels, StringComparer.Ordinal) { [Label] = hash };
}
