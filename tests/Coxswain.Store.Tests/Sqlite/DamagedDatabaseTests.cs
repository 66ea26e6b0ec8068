using System.Text;
using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Sqlite;

/// <summary>
/// Whatever stands where the database should be: it opens, or one line says which file and what is wrong with it. A file
/// that is not a store is never changed.
/// </summary>
public sealed class DamagedDatabaseTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly ScratchDirectory _scratch = new();

    private string Database => _scratch.File("store.db");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Open_EmptyFile_IsNotTakenForANewStore()
    {
        await File.WriteAllBytesAsync(Database, []);
        Assert.Contains("is empty", await FailureAsync(), StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(Database).Length);
    }

    [Fact]
    public async Task Open_OnlyTheLogIsThere_IsNotTakenForANewStore()
    {
        await PrepareAsync();
        File.Move(Database, Database + "-wal");
        Assert.Contains("is missing but its log", await FailureAsync(), StringComparison.Ordinal);
        Assert.False(File.Exists(Database));
    }

    [Fact]
    public async Task Open_ADirectory_SaysSo()
    {
        Directory.CreateDirectory(Database);
        await FailureAsync();
    }

    [Fact]
    public async Task Open_SomeoneElsesDatabase_LeavesItAsItWas()
    {
        File.AppendAllText(Database, "");
        using (var connection = new SqliteConnection(Database))
        {
            connection.Execute("CREATE TABLE theirs (x)");
        }

        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        File.SetUnixFileMode(Database, mode);
        var before = await File.ReadAllBytesAsync(Database);
        Assert.Contains("is not a coxswain store", await FailureAsync(), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Database));
        Assert.Equal(mode, File.GetUnixFileMode(Database));
    }

    [Theory]
    [InlineData("DELETE FROM compaction", "what was compacted")]
    [InlineData("UPDATE compaction SET revision = -1", "what was compacted")]
    [InlineData("UPDATE compaction SET revision = 'soon'", "what was compacted")]
    [InlineData("DROP TABLE compaction", "no such table: compaction")]
    [InlineData("DROP TABLE log", "no such table: log")]
    [InlineData("UPDATE log SET revision = -3 WHERE revision = 3", "revision -3 cannot be")]
    [InlineData("UPDATE log SET created = 4 WHERE revision = 3", "revision 3 cannot be")]
    [InlineData("UPDATE log SET key = '' WHERE revision = 3", "revision 3 cannot be")]
    [InlineData("UPDATE log SET key = x'' WHERE revision = 3", "revision 3 cannot be")]
    [InlineData("UPDATE log SET value = NULL WHERE revision = 1", "revision 1 (k1) does not follow")]
    [InlineData("UPDATE log SET created = 2 WHERE revision = 3", "revision 3 (k3) does not follow")]
    [InlineData("UPDATE log SET revision = 9000000000 WHERE revision = 3", "does not follow")]
    [InlineData("PRAGMA user_version = 0", "schema version 0")]
    [InlineData("PRAGMA user_version = -7", "schema version -7")]
    [InlineData("PRAGMA application_id = 1", "is not a coxswain store")]
    public async Task Open_ContentThatCannotBe_SaysWhat(string change, string expected)
    {
        await PrepareAsync();
        using (var connection = new SqliteConnection(Database))
        {
            connection.Execute(change);
        }

        Assert.Contains(expected, await FailureAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_TornAtAnyPage_OpensOrSaysWhy()
    {
        await PrepareAsync();
        var whole = await File.ReadAllBytesAsync(Database);
        for (var length = 1; length < whole.Length; length += length < 100 ? 33 : 2_999)
        {
            await OpenOrFailAsync(whole[..length]);
        }
    }

    [Fact]
    public async Task Open_AnyBytesChanged_OpensOrSaysWhy()
    {
        await PrepareAsync();
        var whole = await File.ReadAllBytesAsync(Database);
        var random = new Random(3);
        var opened = 0;
        for (var round = 0; round < 150; round++)
        {
            // Half of the time where the format has its structure, at the beginning of a page.
            var damaged = whole.ToArray();
            for (var i = random.Next(1, 8); i > 0; i--)
            {
                var page = random.Next(whole.Length / 8_192) * 8_192;
                damaged[page + random.Next(round % 2 == 0 ? 100 : 8_192)] = (byte)random.Next(256);
            }

            opened += await OpenOrFailAsync(damaged) ? 1 : 0;
        }

        Assert.InRange(opened, 1, 149);
    }

    [Fact]
    public async Task Open_TornLog_HasWhatWasWhole()
    {
        byte[] database, log;
        await using (var store = await OpenAsync())
        {
            await WriteAsync(store, 40);
            (database, log) = (await ReadAsync(Database), await ReadAsync(Database + "-wal"));
        }

        var random = new Random(4);
        for (var round = 0; round < 40; round++)
        {
            var torn = log[..random.Next(log.Length)];
            if (round % 2 == 1 && torn.Length > 0)
            {
                torn[random.Next(torn.Length)] ^= 0x55;
            }

            await File.WriteAllBytesAsync(Database + "-wal", torn);
            await OpenOrFailAsync(database);
        }
    }

    /// <summary>Opens bytes as a database and reads all of it; false when that was refused in one line.</summary>
    private async Task<bool> OpenOrFailAsync(byte[] content)
    {
        await File.WriteAllBytesAsync(Database, content);
        try
        {
            await using var store = await OpenAsync();
            var list = await store.ListAsync(new ListQuery(""), None);
            Assert.Equal(ReadOutcome.Ok, list.Outcome);
            await store.WriteAsync(StoreWrite.Put("new", "1"u8.ToArray(), null), None);
            return true;
        }
        catch (StoreException exception)
        {
            AssertOneLine(exception);
            return false;
        }
        finally
        {
            File.Delete(Database + "-wal");
            File.Delete(Database + "-shm");
        }
    }

    private async Task<string> FailureAsync()
    {
        var exception = await Assert.ThrowsAsync<StoreException>(OpenAsync);
        AssertOneLine(exception);

        // Refused again, and not because the first time left it locked.
        Assert.Equal(exception.Message, (await Assert.ThrowsAsync<StoreException>(OpenAsync)).Message);
        return exception.Message;
    }

    private void AssertOneLine(StoreException exception)
    {
        Assert.StartsWith($"database {Database}", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    private async Task PrepareAsync()
    {
        await using var store = await OpenAsync();
        await WriteAsync(store, 60);
    }

    private static async Task WriteAsync(SqliteStore store, int keys)
    {
        for (var i = 1; i <= keys; i++)
        {
            var value = Encoding.UTF8.GetBytes(new string('v', i * 40));
            await store.WriteAsync(StoreWrite.Put($"k{i}", value, null), None);
        }
    }

    private static async Task<byte[]> ReadAsync(string path)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
    }

    private Task<SqliteStore> OpenAsync() =>
        SqliteStore.OpenAsync(Database, new StoreOptions(), TimeProvider.System, NullLogger.Instance, None);
}
