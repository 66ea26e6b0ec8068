using System.Text.Json;
using System.Text.Json.Serialization;
using Coxswain.Engine.Images.Documents;

namespace Coxswain.Engine.Images.Storage;

/// <summary>What a builder step led to when it last ran: when, and the layer if it made one.</summary>
/// <param name="Layer">The layer's tar.</param>
/// <param name="ChainId">The unpacked layer on top of those below.</param>
internal sealed record BuildCacheRecord(DateTimeOffset Created, Descriptor? Layer, Digest? DiffId, Digest? ChainId)
{
    /// <summary>A directory a step looked for and found, so that it made no layer.</summary>
    [JsonIgnore]
    public bool IsEmpty => Layer is null;
}

/// <summary>The records by step key. Losing one only means running the step again, so nothing is flushed and damage is a miss.</summary>
internal sealed class BuildCache(StorePaths paths)
{
    public BuildCacheRecord? Find(Digest key)
    {
        try
        {
            return JsonSerializer.Deserialize(
                File.ReadAllBytes(PathOf(key)), BuildCacheJsonContext.Default.BuildCacheRecord);
        }
        catch (Exception exception) when (exception is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    public void Put(StoreSession session, Digest key, BuildCacheRecord record)
    {
        var aside = session.NewPath("cache");
        File.WriteAllBytes(aside, JsonSerializer.SerializeToUtf8Bytes(record, BuildCacheJsonContext.Default.BuildCacheRecord));
        File.Move(aside, PathOf(key), overwrite: true);
    }

    public IEnumerable<BuildCacheRecord> List()
    {
        foreach (var file in Directory.EnumerateFiles(paths.BuildCache))
        {
            if (Digest.TryParse("sha256:" + Path.GetFileName(file), out var key) && Find(key) is { } record)
            {
                yield return record;
            }
        }
    }

    public void Clear()
    {
        foreach (var file in Directory.EnumerateFiles(paths.BuildCache))
        {
            File.Delete(file);
        }
    }

    private string PathOf(Digest key) => Path.Combine(paths.BuildCache, key.Hex);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BuildCacheRecord))]
internal sealed partial class BuildCacheJsonContext : JsonSerializerContext;
