using System.CommandLine;

namespace Coxswain.CommandLine;

/// <summary>Options that several verbs share.</summary>
internal static class CommonOptions
{
    public static Option<string?> DataDirectory() => new("--data-dir")
    {
        Description = "Where the cluster keeps its data (default: $COXSWAIN_DATA_DIR, the cluster of kubectl's context, or /var/lib/coxswain)",
        HelpName = "DIR",
    };
}
