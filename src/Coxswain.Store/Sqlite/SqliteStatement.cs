using System.Buffers;
using System.Text;

namespace Coxswain.Store.Sqlite;

/// <summary>A prepared statement, reused. A run is: bind, then step to the end.</summary>
internal sealed unsafe class SqliteStatement(SqliteConnection connection, nint handle, string sql) : IDisposable
{
    private nint _handle = handle;

    /// <summary>Moves to the next row; false, and ready to be run again, when there is none.</summary>
    public bool Step()
    {
        var code = connection.Fault?.Invoke(sql) ?? Native.Ok;
        if (code == Native.Ok)
        {
            code = Native.Step(_handle);
        }

        if (code == Native.Row)
        {
            return true;
        }

        var failure = code == Native.Done ? null : connection.Failure(sql, code);
        _ = Native.Reset(_handle);
        return failure is null ? false : throw failure;
    }

    /// <summary>Runs a statement that has no rows.</summary>
    public void Run() => Invariant.Holds(!Step(), "a statement that writes has no rows");

    public void Run(long value)
    {
        Bind(1, value);
        Run();
    }

    public void Bind(int at, long value) => Check(Native.BindInteger(_handle, at, value));

    /// <summary>Runs with a key and a value bound from their own memory; a null value is bound as NULL.</summary>
    public void Run(int keyAt, string key, int valueAt, ReadOnlyMemory<byte>? value)
    {
        var most = Encoding.UTF8.GetMaxByteCount(key.Length);
        var rented = most > 512 ? ArrayPool<byte>.Shared.Rent(most) : null;
        var utf8 = rented ?? stackalloc byte[512];
        var length = Encoding.UTF8.GetBytes(key, utf8);

        // A blob bound from a null pointer is NULL, which means a deletion here: an empty value needs an address.
        byte nothing = 0;
        fixed (byte* keyBytes = utf8)
        fixed (byte* valueBytes = value.GetValueOrDefault().Span)
        {
            Check(Native.BindText(_handle, keyAt, keyBytes, length, 0));
            Check(value is null
                ? Native.BindNull(_handle, valueAt)
                : Native.BindBlob(
                    _handle, valueAt, valueBytes == null ? &nothing : valueBytes, value.Value.Length, 0));
            Run();
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public long Integer(int column) => Native.ColumnInteger(_handle, column);

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    /// <summary>Not an array: a null one would silently convert to an empty value.</summary>
    public ReadOnlyMemory<byte>? Blob(int column) =>
        Native.ColumnType(_handle, column) == Native.TypeNull
            ? default(ReadOnlyMemory<byte>?)
            : Bytes(column).ToArray();

    public void Dispose()
    {
        _ = Native.Finalize(_handle);
        _handle = 0;
    }

    private ReadOnlySpan<byte> Bytes(int column)
    {
        var start = Native.ColumnBlob(_handle, column);
        return new ReadOnlySpan<byte>(start, Native.ColumnBytes(_handle, column));
    }

    private void Check(int code)
    {
        if (code != Native.Ok)
        {
            throw connection.Failure($"bind {sql}", code);
        }
    }
}
