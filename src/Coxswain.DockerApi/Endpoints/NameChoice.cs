using System.Security.Cryptography;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>A name for a container that was given none: a quality and a thing of ships.</summary>
internal static class NameChoice
{
    public const int MostAttempts = 20;

    private static readonly string[] Qualities =
    [
        "able", "bold", "brisk", "calm", "clear", "deep", "eager", "fair", "fast", "fine", "firm", "fresh", "glad", "keen", "kind",
        "light", "loyal", "lucky", "merry", "mild", "neat", "noble", "patient", "proud", "quick", "quiet", "ready", "sharp", "silent",
        "smooth", "snug", "steady", "strong", "sure", "swift", "tall", "trim", "true", "warm", "wise",
    ];

    private static readonly string[] Things =
    [
        "anchor", "ballast", "barge", "beacon", "berth", "binnacle", "boom", "bosun", "bow", "brig", "buoy", "cabin", "capstan", "cleat",
        "compass", "cutter", "davit", "deck", "dinghy", "fender", "galley", "halyard", "harbour", "hawser", "helm", "hull", "jib", "keel",
        "ketch", "lantern", "mast", "mizzen", "mooring", "oar", "pilot", "pinnace", "prow", "quay", "rigging", "rudder", "sail", "schooner",
        "sextant", "shackle", "skiff", "sloop", "spar", "stern", "thwart", "tiller", "windlass", "yawl",
    ];

    public static string Next() =>
        $"{Qualities[RandomNumberGenerator.GetInt32(Qualities.Length)]}_{Things[RandomNumberGenerator.GetInt32(Things.Length)]}"
        + RandomNumberGenerator.GetInt32(100).ToString("00", System.Globalization.CultureInfo.InvariantCulture);
}
