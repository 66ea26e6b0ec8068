using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Authorization;

/// <summary>The claim each PersistentVolume belongs to.</summary>
internal sealed class ClaimedVolumes(IStore store) : StoreFollower(store, Prefix)
{
    private const string Prefix = "/registry/core/persistentvolumes/";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Namespace, string Name)> _claims = new(StringComparer.Ordinal);

    /// <summary>Null for a volume that no claim has, or that is not there.</summary>
    public (string Namespace, string Name)? ClaimOf(string volume)
    {
        lock (_gate)
        {
            return _claims.TryGetValue(volume, out var claim) ? claim : null;
        }
    }

    protected override void Clear()
    {
        lock (_gate)
        {
            _claims.Clear();
        }
    }

    protected override void Apply(string key, StoreEntry? entry)
    {
        var claim = entry is null ? default : (
            Namespace: FieldReader.Read(entry.Value.Span, "spec.claimRef.namespace"), Name: FieldReader.Read(entry.Value.Span, "spec.claimRef.name"));
        lock (_gate)
        {
            if (claim.Name is { Length: > 0 })
            {
                _claims[key[Prefix.Length..]] = claim;
            }
            else
            {
                _claims.Remove(key[Prefix.Length..]);
            }
        }
    }
}
