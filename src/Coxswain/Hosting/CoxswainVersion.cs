using System.Reflection;

namespace Coxswain.Hosting;

/// <summary>The version of this build.</summary>
internal static class CoxswainVersion
{
    public static string Product { get; } = typeof(CoxswainVersion).Assembly.GetName().Version!.ToString(3); // every build has one

    public static string Commit { get; } =
        typeof(CoxswainVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit]
            ? commit
            : "unknown";
}
