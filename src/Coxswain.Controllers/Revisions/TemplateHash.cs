using System.Buffers.Binary;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;

namespace Coxswain.Controllers.Revisions;

/// <summary>The short name of a pod template: the same for equal templates, for ever.</summary>
internal static class TemplateHash
{
    /// <summary>No vowels, so that no words come about, and nothing that looks alike. Kubernetes' own.</summary>
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <param name="collisions">How often another template turned out to have the same name.</param>
    public static string Of(PodTemplateSpec template, int collisions)
    {
        // FNV-1a, 32 bits, over the canonical JSON: fields in the schema's order, maps in that of their keys.
        var hash = 2166136261u;
        void Add(ReadOnlySpan<byte> bytes)
        {
            foreach (var value in bytes)
            {
                hash = (hash ^ value) * 16777619u;
            }
        }

        Add(KubeJson.Serialize(template));
        if (collisions > 0)
        {
            Span<byte> count = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(count, collisions);
            Add(count);
        }

        return string.Concat($"{hash}".Select(digit => Alphabet[digit % Alphabet.Length]));
    }
}
