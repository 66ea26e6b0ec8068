using System.Reflection;

namespace Coxswain.ApiServer;

/// <summary>The version of the Kubernetes API this server speaks, and our own behind it.</summary>
public static class ServerVersion
{
    /// <summary>The release whose API is served; the facts in Coxswain.Api are taken from it.</summary>
    public const string Kubernetes = "v1.36.0";

    /// <summary>As <c>/version</c> and a Node report it: <c>v1.36.0+coxswain.0.1.0</c>.</summary>
    public static string GitVersion { get; } = $"{Kubernetes}+coxswain.{typeof(ServerVersion).Assembly.GetName().Version!.ToString(3)}"; // every build has one

    /// <summary>The commit this was built from, as the build recorded it; of a build that did not, what is unique to it.</summary>
    public static string GitCommit { get; } = CommitOf(
        typeof(ServerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "");

    private static string CommitOf(string version) => version.IndexOf('+') is > 0 and var plus && version[(plus + 1)..] is var commit
        && commit.Length > 0 && commit.All(char.IsAsciiHexDigit) ? commit : typeof(ServerVersion).Module.ModuleVersionId.ToString("N");
}
