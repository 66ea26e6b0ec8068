using Coxswain.Store.Memory;
using Coxswain.Testing.Store;

namespace Coxswain.Store.Tests.Memory;

/// <summary>The contract while numbers are skipped, as a home that shares them with others would.</summary>
public sealed class MemoryStoreSkippingContractTests : StoreContractTests
{
    protected override Task<IStore> OpenAsync() =>
        Task.FromResult<IStore>(new MemoryStore(Options, TimeProvider.System, SkipSome));
}
