namespace Coxswain.Client.Reconcilers;

/// <summary>
/// Brings what one key names towards its desired state: reads the caches, plans, applies. Takes no hint about what
/// changed, is idempotent, and may be killed at any instruction.
/// </summary>
public interface IReconciler<TKey>
{
    /// <returns>When to look again although nothing may have changed by then.</returns>
    Task<Requeue> ReconcileAsync(TKey key, CancellationToken cancellationToken);
}

/// <param name="After">Null for only when something changes.</param>
public readonly record struct Requeue(TimeSpan? After)
{
    public static readonly Requeue Never = new(null);

    public static Requeue In(TimeSpan delay) => new(delay);
}
