using System.Text.Json;
using System.Text.Json.Serialization;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Engine.Claims;

/// <summary>Who has a thing of the machine.</summary>
/// <param name="Owner">The data directory of the engine.</param>
/// <param name="Cgroup">The group of all that it runs: as long as anything does, the owner is not dead.</param>
/// <param name="Networks">The address ranges that go with the thing.</param>
internal sealed record Claim(string Owner, string Cgroup, IReadOnlyList<string> Networks);

[JsonSerializable(typeof(Claim))]
internal sealed partial class ClaimJson : JsonSerializerContext;

/// <summary>
/// What only one engine of a machine can have (a bridge, a table, a control group), each a file that its owner keeps locked while it
/// lives. Containers outlive their engine, and so does its claim as long as one of them runs.
/// </summary>
internal sealed class MachineClaims(string directory, Claim own, ICgroups cgroups) : IDisposable
{
    /// <summary>How long a lock is tried for: who only looks whether it is taken has it for a moment.</summary>
    private static readonly TimeSpan LockPatience = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, SafeFileHandle> _held = new(StringComparer.Ordinal);

    /// <summary>All of it or, with an exception that names the owner, nothing.</summary>
    /// <param name="things">Plain words such as <c>bridge cox0</c>.</param>
    public void Take(IReadOnlyList<string> things)
    {
        Directory.CreateDirectory(directory);
        var before = _held.Keys.ToHashSet(StringComparer.Ordinal);
        try
        {
            foreach (var thing in things.Where(thing => !_held.ContainsKey(thing)))
            {
                TakeOne(thing);
            }
        }
        catch
        {
            foreach (var thing in _held.Keys.Except(before).ToList())
            {
                Free(thing, forget: true);
            }

            throw;
        }
    }

    public bool Has(string thing) => _held.ContainsKey(thing);

    /// <summary>The claims of others that live.</summary>
    public IReadOnlyList<Claim> Others() =>
        Directory.Exists(directory)
            ? [.. Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal)
                .Select(path => IsLocked(path) || Read(path) is { } claim && IsAlive(claim) ? Read(path) : null)
                .OfType<Claim>().Where(claim => claim.Owner != own.Owner)]
            : [];

    /// <summary>There is nothing left that the claims are for.</summary>
    public void Forget()
    {
        foreach (var thing in _held.Keys.ToList())
        {
            Free(thing, forget: true);
        }
    }

    /// <summary>Lets go; what still runs keeps the claims.</summary>
    public void Dispose()
    {
        foreach (var thing in _held.Keys.ToList())
        {
            Free(thing, forget: false);
        }
    }

    private static Claim? Read(string path) =>
        DurableFile.ReadJson(path, ClaimJson.Default.Claim, out var claim) == DurableRead.Whole ? claim : null;

    private static bool IsLocked(string path)
    {
        using var file = LockFile.Open(path, create: true);
        return !LockFile.TryLock(file, exclusive: false);
    }

    private void TakeOne(string thing)
    {
        var path = PathOf(thing);
        var file = LockFile.Open(path, create: true);
        try
        {
            var locked = SpinWait.SpinUntil(() => LockFile.TryLock(file, exclusive: true), LockPatience);
            var claim = Read(path);
            if (!locked || (claim is not null && claim.Owner != own.Owner && IsAlive(claim)))
            {
                var owner = claim is null ? "another engine" : $"the cluster in {claim.Owner}";
                throw new EngineInUseException($"the {thing} belongs to {owner}");
            }

            // In place: the lock is on this very file, which is therefore never removed either. Not emptied first, so that a full disk
            // leaves the earlier claim.
            var content = JsonSerializer.SerializeToUtf8Bytes(own, ClaimJson.Default.Claim);
            RandomAccess.Write(file, content, 0);
            RandomAccess.SetLength(file, content.Length);
            _held[thing] = file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Free(string thing, bool forget)
    {
        if (_held.Remove(thing, out var file))
        {
            if (forget)
            {
                RandomAccess.SetLength(file, 0);
            }

            file.Dispose();
        }
    }

    // The engine has let go of it; does anything of it still run?
    private bool IsAlive(Claim claim) => cgroups.ListProcesses(claim.Cgroup).Count > 0;

    private string PathOf(string thing) => Path.Combine(directory, Uri.EscapeDataString(thing));
}
