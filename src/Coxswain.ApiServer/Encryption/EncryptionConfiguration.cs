using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Encryption;

/// <summary>
/// Encrypts what the store writes to disk, as an EncryptionConfiguration (apiserver.config.k8s.io/v1) says: a resource's values are written
/// with the first key of its first provider, and read with any. The form on disk is that of Kubernetes.
/// </summary>
public sealed class EncryptionConfiguration : IStoredValues
{
    /// <summary>Encrypts nothing; refuses what is encrypted rather than taking it for an object.</summary>
    public static readonly EncryptionConfiguration None = new([]);

    private const string KeyPrefix = "/registry/";

    private static readonly byte[] Mark = "k8s:enc:"u8.ToArray();

    private readonly IReadOnlyList<Rule> _rules;

    private EncryptionConfiguration(IReadOnlyList<Rule> rules) => _rules = rules;

    /// <exception cref="FormatException">The text is no configuration; the message says where and why.</exception>
    public static EncryptionConfiguration Parse(string text)
    {
        JsonObject configuration;
        try
        {
            configuration = KubeJson.ParseNode(KubeYaml.ToJson(Encoding.UTF8.GetBytes(text))) as JsonObject
                ?? throw new FormatException("the encryption configuration is not an object");
        }
        catch (Exception exception) when (exception is not FormatException)
        {
            throw new FormatException($"the encryption configuration cannot be read: {exception.Message}", exception);
        }

        if (configuration.Text("kind") != "EncryptionConfiguration" || configuration.Text("apiVersion") != "apiserver.config.k8s.io/v1")
        {
            throw new FormatException(
                $"expected an EncryptionConfiguration of apiserver.config.k8s.io/v1, got {configuration.Text("kind")} of {configuration.Text("apiVersion")}");
        }

        return new EncryptionConfiguration([.. (configuration.Array("resources") ?? []).OfType<JsonObject>().Select(ReadRule)]);
    }

    public ReadOnlyMemory<byte> ToDisk(string key, ReadOnlyMemory<byte> value) => RuleOf(key)?.Keys is [{ } first, ..] ? first.Encrypt(key, value) : value;

    public ReadOnlyMemory<byte> FromDisk(string key, ReadOnlyMemory<byte> value)
    {
        if (!value.Span.StartsWith(Mark))
        {
            return value;
        }

        foreach (var known in RuleOf(key)?.Keys ?? [])
        {
            if (known is not null && value.Span.StartsWith(known.Prefix))
            {
                try
                {
                    return known.Decrypt(key, value);
                }
                catch (Exception exception) when (exception is CryptographicException or ArgumentException)
                {
                    throw new StoreException($"the value of {key} cannot be decrypted with key {known.Name}", exception);
                }
            }
        }

        throw new StoreException($"the value of {key} is encrypted with a key that the encryption configuration does not name");
    }

    private Rule? RuleOf(string key)
    {
        if (_rules.Count == 0 || !key.StartsWith(KeyPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        var rest = key.AsSpan(KeyPrefix.Length);
        var slash = rest.IndexOf('/');
        var end = slash < 0 ? -1 : rest[(slash + 1)..].IndexOf('/');
        if (end < 0)
        {
            return null;
        }

        var (group, plural) = (rest[..slash].ToString(), rest.Slice(slash + 1, end).ToString());
        group = group == "core" ? "" : group;
        foreach (var rule in _rules)
        {
            if (rule.Resources.Any(pattern => Matches(pattern, group, plural)))
            {
                return rule;
            }
        }

        return null;
    }

    /// <summary><c>secrets</c>, <c>deployments.apps</c>, <c>*.apps</c>, <c>*.</c> for the core group, <c>*.*</c> for everything.</summary>
    private static bool Matches(string pattern, string group, string plural)
    {
        var dot = pattern.IndexOf('.');
        var (wantedPlural, wantedGroup) = dot < 0 ? (pattern, "") : (pattern[..dot], pattern[(dot + 1)..]);
        return (wantedPlural == "*" || wantedPlural == plural) && (wantedGroup == "*" || wantedGroup == group);
    }

    private static Rule ReadRule(JsonObject rule, int index)
    {
        var keys = new List<EncryptionKey?>();
        var providers = (rule.Array("providers") ?? []).OfType<JsonObject>().ToList();
        for (var i = 0; i < providers.Count; i++)
        {
            var place = $"resources[{index}].providers[{i}]";
            foreach (var (name, provider) in providers[i])
            {
                switch (name)
                {
                    case "identity":
                        keys.Add(null);
                        break;
                    case "aesgcm" or "aescbc":
                        keys.AddRange(((provider as JsonObject)?.Array("keys") ?? []).OfType<JsonObject>().Select(key => ReadKey(name, key, place)));
                        break;
                    default:
                        throw new FormatException($"{place}: {name} is not supported; use aesgcm, aescbc or identity");
                }
            }
        }

        return keys.Count == 0 ? throw new FormatException($"resources[{index}].providers: there is no key")
            : new Rule([.. rule["resources"].Texts()], keys);
    }

    private static EncryptionKey ReadKey(string provider, JsonObject key, string place)
    {
        var secret = new byte[64];
        if (key.Text("name").Length == 0 || key.Text("name").Contains(':'))
        {
            throw new FormatException($"{place}.{provider}.keys: a key has a name, without a colon");
        }

        return Convert.TryFromBase64String(key.Text("secret"), secret, out var length) && length is 16 or 24 or 32
            ? new EncryptionKey(provider, key.Text("name"), secret[..length])
            : throw new FormatException($"{place}.{provider}.keys: the secret of {key.Text("name")} is not 16, 24 or 32 bytes in base64");
    }

    /// <param name="Keys">In the order of the providers; null stands for plain text.</param>
    private sealed record Rule(IReadOnlyList<string> Resources, IReadOnlyList<EncryptionKey?> Keys);
}
