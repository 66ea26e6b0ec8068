using Coxswain.Api.Apply;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;

namespace Coxswain.ApiServer.Verbs;

/// <summary>Tells an applier which fields it would change that others own.</summary>
internal static class ApplyConflicts
{
    /// <summary>More are counted, not told: a configuration can have as many fields as its body has room for.</summary>
    private const int MostTold = 1000;

    public static Status Status(IReadOnlyList<FieldConflict> conflicts)
    {
        var told = conflicts.Take(MostTold).ToList();
        var message = conflicts.Count == 1
            ? $"Apply failed with 1 conflict: conflict with {conflicts[0].Manager}: {conflicts[0].Path}"
            : $"Apply failed with {conflicts.Count} conflicts: " + string.Join('\n', told.GroupBy(conflict => conflict.Manager)
                .SelectMany(group => group.Select(conflict => $"- {conflict.Path}").Prepend($"conflicts with {group.Key}:")));
        return Statuses.ApplyConflict(message,
            [.. told.Select(conflict => new StatusCause { Reason = "FieldManagerConflict", Message = $"conflict with {conflict.Manager}", Field = conflict.Path })]);
    }
}
