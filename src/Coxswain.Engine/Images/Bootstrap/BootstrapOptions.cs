namespace Coxswain.Engine.Images.Bootstrap;

/// <summary>What a base image from Debian's archive is made of.</summary>
public sealed record BootstrapOptions
{
    /// <summary>The name of the image.</summary>
    public required string Tag { get; init; }

    public string Suite { get; init; } = "bookworm";

    /// <summary>Packages besides those of the variant.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Null for the mirrors this machine itself uses.</summary>
    public string? Mirror { get; init; }

    /// <summary>mmdebstrap's: <c>essential</c>, <c>apt</c>, <c>minbase</c>, <c>standard</c> ...</summary>
    public string Variant { get; init; } = "minbase";

    /// <summary>Make it anew even when an image of this name was made of the same.</summary>
    public bool Force { get; init; }
}
