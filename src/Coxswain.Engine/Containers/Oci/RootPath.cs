namespace Coxswain.Engine.Containers.Oci;

/// <summary>Looks up paths as a process inside the root would: no link leads out of it.</summary>
internal static class RootPath
{
    private const int MostLinks = 40;

    /// <summary>Where <paramref name="path"/> is on the host, following links inside the root. The last parts need not exist.</summary>
    public static string Resolve(string root, string path)
    {
        var pending = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var resolved = new List<string>();
        for (var links = 0; pending.TryPop(out var part);)
        {
            if (part == ".")
            {
                continue;
            }

            if (part == "..")
            {
                resolved.RemoveRange(Math.Max(0, resolved.Count - 1), Math.Min(1, resolved.Count));
                continue;
            }

            resolved.Add(part);
            if (new FileInfo(Path.Combine([root, .. resolved])).LinkTarget is not { } target)
            {
                continue;
            }

            if (++links > MostLinks)
            {
                throw new EngineException($"too many links in {path}");
            }

            resolved.RemoveAt(resolved.Count - 1);
            if (target.StartsWith('/'))
            {
                resolved.Clear();
            }

            foreach (var step in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                pending.Push(step);
            }
        }

        return Path.Combine([root, .. resolved]);
    }
}
