using Coxswain.ApiServer.Resources;
using Coxswain.Client;
using Coxswain.Store;

namespace Coxswain.ApiServer.Watch;

/// <summary>The store's events as one watch tells them.</summary>
internal static class SelectedEvents
{
    /// <summary>
    /// The event as somebody sees it who sees only the selection: an object that begins to match is added to it, one that
    /// ceases to match is deleted from it. Null when nothing changed there.
    /// </summary>
    public static WatchItem? See(this Selection selection, StoreEvent change)
    {
        if (selection.IsEverything)
        {
            return change.Type switch
            {
                StoreEventType.Created => new WatchItem(WatchEventType.Added, change.Entry, change.Revision, change),
                StoreEventType.Updated => new WatchItem(WatchEventType.Modified, change.Entry, change.Revision, change),
                _ => new WatchItem(WatchEventType.Deleted, change.Previous, change.Revision, change),
            };
        }

        var isIn = change.Entry is not null && selection.Matches(change.Entry);
        var wasIn = change.Previous is not null && selection.Matches(change.Previous);
        return (wasIn, isIn) switch
        {
            (false, false) => null,
            (true, true) => new WatchItem(WatchEventType.Modified, change.Entry, change.Revision, change),
            (false, true) => new WatchItem(WatchEventType.Added, change.Entry, change.Revision, change.Type == StoreEventType.Created ? change : null),
            (true, false) => new WatchItem(WatchEventType.Deleted, change.Previous, change.Revision, change.Type == StoreEventType.Deleted ? change : null),
        };
    }
}
