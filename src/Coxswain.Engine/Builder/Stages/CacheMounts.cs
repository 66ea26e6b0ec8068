using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Builder.Steps;
using Coxswain.Engine.Images.Storage;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>The mounts of one RUN, and the locks on those of its caches that it does not share; held while it runs.</summary>
internal sealed class CacheMounts : IDisposable
{
    /// <summary>More steps than that with one private cache at a time wait.</summary>
    private const int MostPrivate = 64;

    private readonly List<FileLock> _held = [];
    private readonly List<StepMount> _mounts = [];

    private CacheMounts()
    {
    }

    public IReadOnlyList<StepMount> Mounts => _mounts;

    public static async Task<CacheMounts> TakeAsync(
        BuildContext build, IEnumerable<RunMount> wanted, CancellationToken cancellationToken)
    {
        var mounts = new CacheMounts();
        try
        {
            foreach (var mount in wanted)
            {
                mounts._mounts.Add(mount.Type == "cache"
                    ? new StepMount(await mounts.TakeAsync(build, mount, cancellationToken), mount.Target, mount.ReadOnly)
                    : new StepMount(null, mount.Target) { Size = mount.Size });
            }

            return mounts;
        }
        catch
        {
            mounts.Dispose();
            throw;
        }
    }

    public void Dispose() => _held.ForEach(held => held.Dispose());

    private async Task<string> TakeAsync(BuildContext build, RunMount mount, CancellationToken cancellationToken)
    {
        using var key = new StepKey("mount", null);
        var path = Path.Combine(build.Store.Paths.CacheMounts, key.Add(mount.Id).Finish().Hex);
        switch (mount.Sharing)
        {
            case CacheSharing.Locked:
                _held.Add(await FileLock.AcquireAsync(path + ".lock", build.Store.Time, cancellationToken));
                break;
            case CacheSharing.Private:
                path = await TakePrivateAsync(build, path, cancellationToken);
                break;
            default:
                break;
        }

        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            FileMetadata.ChangeOwner(path, mount.Uid, mount.Gid);
            FileMetadata.ChangeMode(path, mount.Mode);
        }

        return path;
    }

    /// <summary>The first of the id's directories that nobody else has.</summary>
    private async Task<string> TakePrivateAsync(BuildContext build, string path, CancellationToken cancellationToken)
    {
        for (var i = 0; i < MostPrivate; i++)
        {
            if (FileLock.TryAcquire($"{path}-{i}.lock") is { } held)
            {
                _held.Add(held);
                return $"{path}-{i}";
            }
        }

        _held.Add(await FileLock.AcquireAsync($"{path}-{MostPrivate}.lock", build.Store.Time, cancellationToken));
        return $"{path}-{MostPrivate}";
    }
}
