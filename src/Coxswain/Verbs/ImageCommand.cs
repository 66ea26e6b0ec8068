using System.CommandLine;
using Coxswain.Verbs.Images;

namespace Coxswain.Verbs;

/// <summary><c>coxswain image ...</c>: what <c>docker image</c> does, and base images from Debian's archive.</summary>
internal static class ImageCommand
{
    public static Command Create() => new("image", "Build, list, move and remove images")
    {
        BuildCommand.Create(),
        BootstrapCommand.Create(),
        ListingCommands.List(),
        ListingCommands.History(),
        ListingCommands.Inspect(),
        NamingCommands.Tag(),
        NamingCommands.Remove(),
        NamingCommands.Prune(),
        ArchiveCommands.Save(),
        ArchiveCommands.Load(),
        ArchiveCommands.Import(),
        RegistryCommands.Pull(),
        RegistryCommands.Push(),
    };
}
