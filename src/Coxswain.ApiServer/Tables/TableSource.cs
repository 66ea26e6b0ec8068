using Coxswain.Store;

namespace Coxswain.ApiServer.Tables;

/// <summary>An object to be shown as a row.</summary>
internal readonly record struct TableSource(StoreEntry Entry, long Revision);
