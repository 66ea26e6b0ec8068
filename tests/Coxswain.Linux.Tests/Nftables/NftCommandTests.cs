using System.Security.Cryptography;
using Coxswain.Linux.Nftables;
using Coxswain.Linux.Processes;

namespace Coxswain.Linux.Tests.Nftables;

public sealed class NftCommandTests
{
    [Fact]
    public async Task Apply_ScriptWithOneBadLine_ChangesNothing()
    {
        using var events = new KernelEvents();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var name = "coxswain-" + RandomNumberGenerator.GetHexString(8, lowercase: true);
        var nft = new NftCommand(new ProcessRunner(events), name);
        try
        {
            Assert.Equal("", await nft.ListAsync(timeout.Token));
            await nft.ApplyAsync($"table inet {name} {{ set ports {{ type inet_service; elements = {{ 80 }}; }}; }}\n", timeout.Token);
            var before = await nft.ListAsync(timeout.Token);
            Assert.Contains("elements = { 80 }", before);
            var bad = $"add element inet {name} ports {{ 81 }}\nadd element inet {name} missing {{ 82 }}\n";
            await Assert.ThrowsAsync<ProcessFailedException>(() => nft.ApplyAsync(bad, timeout.Token));
            Assert.Equal(before, await nft.ListAsync(timeout.Token));
        }
        finally
        {
            await nft.DeleteTableAsync(timeout.Token);
            await nft.DeleteTableAsync(timeout.Token);
        }

        Assert.Equal("", await nft.ListAsync(timeout.Token));
    }
}
