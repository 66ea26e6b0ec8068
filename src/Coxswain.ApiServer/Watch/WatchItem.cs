using Coxswain.Client;
using Coxswain.Store;

namespace Coxswain.ApiServer.Watch;

/// <summary>One thing a watch says.</summary>
/// <param name="Entry">The object as it was written, or before it was deleted or left the selection; null for a bookmark.</param>
/// <param name="Revision">The revision of the event: the object's resourceVersion in it.</param>
/// <param name="Source">The store's event when this is exactly it, so that its encoded form can be shared.</param>
/// <param name="EndsInitialEvents">A bookmark that says: everything that existed has been told.</param>
internal readonly record struct WatchItem(
    WatchEventType Type, StoreEntry? Entry, long Revision, StoreEvent? Source = null, bool EndsInitialEvents = false);
