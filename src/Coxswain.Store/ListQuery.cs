namespace Coxswain.Store;

/// <param name="Prefix">Only keys that begin with this.</param>
/// <param name="StartAfter">Only keys ordinally greater than this; null from the beginning of the prefix.</param>
/// <param name="Limit">At most this many entries; 0 for all.</param>
/// <param name="Revision">The snapshot to read; 0 for the newest.</param>
public readonly record struct ListQuery(string Prefix, string? StartAfter = null, int Limit = 0, long Revision = 0);
