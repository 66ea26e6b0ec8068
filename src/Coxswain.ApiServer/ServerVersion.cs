namespace Coxswain.ApiServer;

/// <summary>The version of the Kubernetes API this server speaks, and our own behind it.</summary>
public static class ServerVersion
{
    public const string GitVersion = "v1.36.0+coxswain.0.1.0";
}
