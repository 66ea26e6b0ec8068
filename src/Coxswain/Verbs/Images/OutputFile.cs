using Coxswain.Linux.Files;

namespace Coxswain.Verbs.Images;

/// <summary>
/// A file the user named for the result: it is replaced only once the result is whole. A link stays; what it leads to is replaced.
/// </summary>
internal static class OutputFile
{
    public static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        if (FileStatus.TryRead(path) is { IsSymbolicLink: true })
        {
            path = File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName; // A link leads somewhere.
        }

        if (FileStatus.TryRead(path) is { IsRegular: false })
        {
            // A pipe or a device is written to, not replaced.
            await using var special = new FileStream(path, FileMode.Open, FileAccess.Write);
            await write(special);
            return;
        }

        var aside = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            await using (var file = new FileStream(aside, FileMode.CreateNew, FileAccess.Write))
            {
                await write(file);
                file.Flush(flushToDisk: true); // Before it takes the place of what the user had.
            }

            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }
}
