using Coxswain.Store.Sqlite;
using Coxswain.Testing.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Sqlite;

/// <summary>The contract while numbers are skipped, as a home that shares them with others would.</summary>
public sealed class SqliteStoreSkippingContractTests : StoreContractTests
{
    private readonly ScratchDirectory _scratch = new();

    protected override async Task<IStore> OpenAsync() => await SqliteStore.OpenAsync(
        _scratch.File("store.db"),
        Options,
        new SqliteTuning { Successor = SkipSome },
        TimeProvider.System,
        NullLogger.Instance,
        CancellationToken.None);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _scratch.Dispose();
    }
}
