using System.Security.Cryptography;
using System.Text;

namespace Coxswain.ApiServer.Authentication;

/// <summary>
/// The claims of tokens whose signature was checked, found by the token's hash, so that the token itself is not kept. Two
/// generations of at most <paramref name="capacity"/> each: what is asked for stays, what is not is forgotten with the older one.
/// </summary>
internal sealed class TokenCache(int capacity)
{
    private readonly Lock _gate = new();
    private Dictionary<string, TokenClaims> _young = new(StringComparer.Ordinal);
    private Dictionary<string, TokenClaims> _old = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _young.Count + _old.Count;
            }
        }
    }

    public static string KeyOf(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    public TokenClaims? Find(string key)
    {
        lock (_gate)
        {
            if (_young.TryGetValue(key, out var claims))
            {
                return claims;
            }

            if (_old.Remove(key, out claims))
            {
                Put(key, claims);
            }

            return claims;
        }
    }

    public void Add(string key, TokenClaims claims)
    {
        lock (_gate)
        {
            Put(key, claims);
        }
    }

    public void Remove(string key)
    {
        lock (_gate)
        {
            _young.Remove(key);
            _old.Remove(key);
        }
    }

    private void Put(string key, TokenClaims claims)
    {
        if (_young.Count >= capacity)
        {
            (_old, _young) = (_young, _old);
            _young.Clear();
        }

        _young[key] = claims;
    }
}
