using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;

namespace Coxswain.Controllers.Core;

/// <summary>What a terminating namespace still holds, and how its conditions say so.</summary>
/// <param name="Failures">What could not be listed or deleted, and why.</param>
internal sealed record NamespaceRemains(
    IReadOnlyList<(ApiResource Resource, IReadOnlyList<PartialObjectMetadata> Objects)> Left, IReadOnlyList<string> Failures)
{
    /// <summary>Nothing is left, and that is known of every resource.</summary>
    public bool IsEmpty => Left.Count == 0 && Failures.Count == 0;

    public IReadOnlyList<NamespaceCondition> Conditions(IReadOnlyList<NamespaceCondition> known, DateTimeOffset now)
    {
        var remaining = string.Join(", ", Left.Select(item => $"{item.Resource.QualifiedName} has {item.Objects.Count} resource instances"));
        var finalizers = string.Join(", ", Left.SelectMany(item => item.Objects).SelectMany(obj => obj.Metadata.Finalizers)
            .GroupBy(name => name, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => $"{group.Key} in {group.Count()} resource instances"));
        NamespaceCondition Condition(string type, bool holds, string trueReason, string trueMessage, string falseReason, string falseMessage)
        {
            var status = holds ? "True" : "False";
            var before = known.FirstOrDefault(condition => condition.Type == type);
            return new NamespaceCondition
            {
                Type = type,
                Status = status,
                Reason = holds ? trueReason : falseReason,
                Message = holds ? trueMessage : falseMessage,
                LastTransitionTime = before?.Status == status ? before.LastTransitionTime : now,
            };
        }

        return
        [
            Condition("NamespaceDeletionDiscoveryFailure", false, "", "", "ResourcesDiscovered", "All resources successfully discovered"),
            Condition("NamespaceDeletionGroupVersionParsingFailure", false, "", "", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
            Condition("NamespaceDeletionContentFailure", IsStuck(finalizers), "ContentDeletionFailed", FailureMessage(),
                "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
            Condition("NamespaceContentRemaining", Left.Count > 0, "SomeResourcesRemain", $"Some resources are remaining: {remaining}",
                "ContentRemoved", "All content successfully removed"),
            Condition("NamespaceFinalizersRemaining", finalizers.Length > 0, "SomeFinalizersRemain",
                $"Some content in the namespace has finalizers remaining: {finalizers}", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
        ];
    }

    private bool IsStuck(string finalizers) => Failures.Count > 0 || finalizers.Length > 0;

    private string FailureMessage() =>
        $"Failed to delete all resource types, {Math.Max(Left.Count, Failures.Count)} remaining: "
        + (Failures.Count > 0 ? string.Join(", ", Failures) : "unexpected items still remain in namespace");
}
