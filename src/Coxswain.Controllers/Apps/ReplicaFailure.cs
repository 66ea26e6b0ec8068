namespace Coxswain.Controllers.Apps;

/// <summary>The condition of a set whose pods could not be brought to their number. Pure.</summary>
internal static class ReplicaFailure
{
    public const string Type = "ReplicaFailure";

    /// <summary>The set's conditions after an attempt.</summary>
    /// <param name="reasonOf">A condition's reason if it is the one meant, otherwise null.</param>
    /// <param name="make">Makes the condition from its reason and message.</param>
    /// <param name="surplus">Pods beyond what is asked for; negative when some were to be made.</param>
    public static IReadOnlyList<T> After<T>(
        IReadOnlyList<T> conditions, Func<T, string?> reasonOf, Func<string, string, T> make, Exception? failure, int surplus)
    {
        var known = conditions.Select(reasonOf).FirstOrDefault(reason => reason is not null);
        var others = conditions.Where(condition => reasonOf(condition) is null);
        if (failure is null)
        {
            return known is null ? conditions : [.. others];
        }

        // A refused pod's generated name is part of the message: one that follows it would be written, and seen, for ever.
        var reason = surplus < 0 ? "FailedCreate" : "FailedDelete";
        return known == reason ? conditions : [.. others, make(reason, failure.Message)];
    }
}
