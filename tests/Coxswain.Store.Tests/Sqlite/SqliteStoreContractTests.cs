using Coxswain.Store.Sqlite;
using Coxswain.Testing.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Sqlite;

public sealed class SqliteStoreContractTests : StoreContractTests
{
    private readonly ScratchDirectory _scratch = new();

    protected override async Task<IStore> OpenAsync() => await SqliteStore.OpenAsync(
        _scratch.File("store.db"), Options, TimeProvider.System, NullLogger.Instance, CancellationToken.None);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _scratch.Dispose();
    }
}
