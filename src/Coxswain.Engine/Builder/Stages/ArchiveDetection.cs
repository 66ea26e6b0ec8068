using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Tar;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Tells what ADD unpacks from what it copies as it is: by content, never by name.</summary>
internal static class ArchiveDetection
{
    /// <exception cref="ImageException">It is compressed in a way that Docker would unpack and we cannot.</exception>
    public static bool IsTar(FileStream file)
    {
        try
        {
            using var plain = Compression.OpenRead(file);
            return new TarReader(plain).Next() is not null;
        }
        catch (Exception exception) when (exception is InvalidDataException or ImageException { Kind: ImageErrorKind.Invalid })
        {
            return false;
        }
    }
}
