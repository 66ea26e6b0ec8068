using Coxswain.Store.Tree;

namespace Coxswain.Store.History;

/// <summary>An event not yet visible to anyone, and the tree it leaves behind.</summary>
internal readonly record struct StagedEvent(StoreEvent Event, EntryTree After);
