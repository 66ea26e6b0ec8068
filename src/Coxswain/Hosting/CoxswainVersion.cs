using System.Reflection;

namespace Coxswain.Hosting;

/// <summary>The version of this build, and how it is shown where Kubernetes' version is asked for.</summary>
internal static class CoxswainVersion
{
    public const string Kubernetes = "v1.36.0";

    public static string Product { get; } = typeof(CoxswainVersion).Assembly.GetName().Version is { } version
        ? $"{version.Major}.{version.Minor}.{version.Build}"
        : throw new InvalidOperationException("the assembly has no version");

    public static string Reported => $"{Kubernetes}+coxswain.{Product}";

    public static string Commit { get; } =
        typeof(CoxswainVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit]
            ? commit
            : "unknown";
}
