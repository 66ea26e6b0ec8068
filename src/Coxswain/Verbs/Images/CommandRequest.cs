using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coxswain.Verbs.Images;

/// <summary>What a command line tells the server of itself: the words, and where they were typed.</summary>
internal sealed record CommandRequest(
    IReadOnlyList<string> Arguments, string WorkingDirectory, IReadOnlyDictionary<string, string> Environment)
{
    public static CommandRequest Ours() => new(
        System.Environment.GetCommandLineArgs()[1..], Directory.GetCurrentDirectory(), OurEnvironment());

    public static IReadOnlyDictionary<string, string> OurEnvironment() =>
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);

    public string ToHeader() => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(this, CommandJson.Default.CommandRequest));

    /// <exception cref="FormatException">The header is not one of ours.</exception>
    /// <exception cref="JsonException">The header is not one of ours.</exception>
    public static CommandRequest FromHeader(string header) =>
        JsonSerializer.Deserialize(Convert.FromBase64String(header), CommandJson.Default.CommandRequest) ?? throw new JsonException("it says nothing");
}

[JsonSerializable(typeof(CommandRequest))]
internal sealed partial class CommandJson : JsonSerializerContext;
