using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Sqlite;

/// <summary>Every Secret is in these files.</summary>
public sealed class StoreFilesTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Open_NewDirectory_EverythingIsTheOwnersOnly()
    {
        var directory = _scratch.File("new/data");
        await using var store = await OpenAsync(Path.Combine(directory, "store.db"));
        await store.WriteAsync(StoreWrite.Put("secret", "1"u8.ToArray(), null), None);
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(_scratch.File("new")));
        var files = Directory.GetFiles(directory).Order().ToArray();
        Assert.Equal(
            ["store.db", "store.db-reserve", "store.db-shm", "store.db-wal", "store.db.lock"],
            files.Select(Path.GetFileName));
        Assert.All(files, file => Assert.Equal(Owner, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Open_FilesOpenToOthers_ClosesThem()
    {
        var path = _scratch.File("store.db");
        await (await OpenAsync(path)).DisposeAsync();
        File.SetUnixFileMode(path, Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await using var store = await OpenAsync(path);
        await store.WriteAsync(StoreWrite.Put("secret", "1"u8.ToArray(), null), None);
        Assert.All(
            new[] { path, path + "-wal", path + "-shm" }, file => Assert.Equal(Owner, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Open_ExistingDirectory_KeepsItsMode()
    {
        var before = Owner | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        var directory = Directory.CreateDirectory(_scratch.File("mine")).FullName;
        File.SetUnixFileMode(directory, before);
        await using var store = await OpenAsync(Path.Combine(directory, "store.db"));
        Assert.Equal(before, File.GetUnixFileMode(directory));
    }

    [Fact]
    public async Task Open_CreationWasCutShort_BeginsAnew()
    {
        var path = _scratch.File("store.db");
        await File.WriteAllTextAsync(path + ".new", "half a database");
        await File.WriteAllTextAsync(path + ".new-journal", "half a journal");
        await using var store = await OpenAsync(path);
        Assert.Equal(0, await store.GetRevisionAsync(None));
        Assert.False(File.Exists(path + ".new"));
    }

    private static Task<SqliteStore> OpenAsync(string path) =>
        SqliteStore.OpenAsync(path, new StoreOptions(), TimeProvider.System, NullLogger.Instance, None);
}
