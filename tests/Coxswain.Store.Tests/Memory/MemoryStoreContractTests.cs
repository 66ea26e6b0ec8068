using Coxswain.Store.Memory;
using Coxswain.Testing.Store;

namespace Coxswain.Store.Tests.Memory;

public sealed class MemoryStoreContractTests : StoreContractTests
{
    protected override Task<IStore> OpenAsync() =>
        Task.FromResult<IStore>(new MemoryStore(Options, TimeProvider.System));
}
