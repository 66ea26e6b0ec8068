using Coxswain.Linux.Files;


namespace Coxswain.Engine.Images.Layers;

/// <summary>How "deleted" is written: by file names in a layer's tar, by devices and attributes in an overlayfs directory.</summary>
internal static class Whiteouts
{
    public const string Prefix = ".wh.";
    public const string Opaque = ".wh..wh..opq";

    /// <summary>Other names with this prefix are aufs' own bookkeeping and mean nothing here.</summary>
    public const string MetadataPrefix = ".wh..wh.";

    public const string OpaqueAttribute = "trusted.overlay.opaque";
    public const string OverlayPrefix = "trusted.overlay.";

    public static bool IsOpaque(string directory) =>
        ExtendedAttributes.TryGet(directory, OpaqueAttribute) is [(byte)'y'];

    public static void Make(string path) => FileNodes.MakeDevice(path, block: false, 0, 0, 0);

    public static void MakeOpaque(string directory) => ExtendedAttributes.Set(directory, OpaqueAttribute, "y"u8);
}
