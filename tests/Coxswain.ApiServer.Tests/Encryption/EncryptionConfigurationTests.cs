using System.Text;
using Coxswain.ApiServer.Encryption;
using Coxswain.Store;
using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.ApiServer.Tests.Encryption;

public sealed class EncryptionConfigurationTests : IDisposable
{
    private const string Secret = "/registry/core/secrets/default/s";
    private const string ConfigMap = "/registry/core/configmaps/default/c";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coxswain-encryption-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("aesgcm")]
    [InlineData("aescbc")]
    public async Task Secrets_OnDisk_AreNotToBeRead_AndAreReadAgain(string provider)
    {
        await WriteAsync(Configuration($"{provider}: {{keys: [{Key("one", 1)}]}}"));
        var onDisk = string.Concat(Directory.GetFiles(_folder.FullName).Select(file => Encoding.Latin1.GetString(ReadShared(file))));
        Assert.DoesNotContain("hunter2", onDisk, StringComparison.Ordinal);
        Assert.Contains($"k8s:enc:{provider}:v1:one:", onDisk, StringComparison.Ordinal);
        Assert.Contains("in the open", onDisk, StringComparison.Ordinal);
        Assert.Equal("""{"data":"hunter2"}""", await ReadAsync(Configuration($"{provider}: {{keys: [{Key("two", 2)}, {Key("one", 1)}]}}")));
    }

    [Fact]
    public async Task PlainValues_AreReadAfterEncryptionBegan()
    {
        await WriteAsync(EncryptionConfiguration.None);
        Assert.Equal("""{"data":"hunter2"}""", await ReadAsync(Configuration($"aesgcm: {{keys: [{Key("one", 1)}]}}")));
    }

    [Theory]
    [InlineData("one", 2, "cannot be decrypted with key one")]
    [InlineData("other", 1, "does not name")]
    public async Task OtherKeys_DoNotOpenTheStore(string name, byte fill, string message)
    {
        await WriteAsync(Configuration($"aesgcm: {{keys: [{Key("one", 1)}]}}"));
        var exception = await Assert.ThrowsAnyAsync<StoreException>(() => ReadAsync(Configuration($"aesgcm: {{keys: [{Key(name, fill)}]}}")));
        Assert.Contains(message, exception.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<StoreException>(() => ReadAsync(EncryptionConfiguration.None));
    }

    [Fact]
    public void Value_PutElsewhere_IsRefused()
    {
        var configuration = Configuration($"aesgcm: {{keys: [{Key("one", 1)}]}}");
        var value = configuration.ToDisk(Secret, "x"u8.ToArray());
        Assert.Throws<StoreException>(() => configuration.FromDisk(Secret + "2", value));
    }

    [Theory]
    [InlineData("secretbox: {keys: []}", "secretbox is not supported")]
    [InlineData("aescbc: {keys: [{name: a, secret: YQ==}]}", "not 16, 24 or 32 bytes")]
    [InlineData("aescbc: {}", "there is no key")]
    public void Configuration_ThatIsNone_IsSaid(string provider, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Configuration(provider)).Message, StringComparison.Ordinal);

    private static EncryptionConfiguration Configuration(string provider) => EncryptionConfiguration.Parse(
        $"{{apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{{resources: [secrets], providers: [{{{provider}}}]}}]}}");

    private static string Key(string name, byte fill) =>
        $"{{name: {name}, secret: \"{Convert.ToBase64String(Enumerable.Repeat(fill, 32).ToArray())}\"}}";

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private async Task WriteAsync(EncryptionConfiguration configuration)
    {
        await using var store = await OpenAsync(configuration);
        await store.WriteAsync(new StoreWrite(Secret, """{"data":"hunter2"}"""u8.ToArray(), null), default);
        await store.WriteAsync(new StoreWrite(ConfigMap, """{"data":"in the open"}"""u8.ToArray(), null), default);
    }

    private async Task<string> ReadAsync(EncryptionConfiguration configuration)
    {
        await using var store = await OpenAsync(configuration);
        return Encoding.UTF8.GetString((await store.GetAsync(Secret, default))!.Value.Span);
    }

    private Task<SqliteStore> OpenAsync(EncryptionConfiguration configuration) => SqliteStore.OpenAsync(
        Path.Combine(_folder.FullName, "store.db"), new StoreOptions { Values = configuration }, TimeProvider.System, NullLogger.Instance, default);
}
