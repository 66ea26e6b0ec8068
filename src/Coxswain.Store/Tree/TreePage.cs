namespace Coxswain.Store.Tree;

/// <param name="Remaining">How many keys of the prefix follow the last entry.</param>
internal readonly record struct TreePage(StoreEntry[] Entries, int Remaining);
