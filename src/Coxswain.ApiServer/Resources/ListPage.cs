using Coxswain.Store;

namespace Coxswain.ApiServer.Resources;

/// <summary>One page of a list, all of it from one snapshot.</summary>
/// <param name="Continue">Empty on the last page.</param>
/// <param name="Remaining">How many items follow; null when that is not known without reading them.</param>
internal sealed record ListPage(IReadOnlyList<StoreEntry> Entries, long Revision, string Continue, long? Remaining);
