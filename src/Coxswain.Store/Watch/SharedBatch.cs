namespace Coxswain.Store.Watch;

/// <summary>All events of a prefix after one revision, up to another.</summary>
internal sealed record SharedBatch(long After, long To, StoreEvent[] Events);
