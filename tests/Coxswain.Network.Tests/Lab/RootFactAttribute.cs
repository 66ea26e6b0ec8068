namespace Coxswain.Network.Tests.Lab;

/// <summary>A fact that needs root and nft, to make network namespaces with rules of their own.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        var isPossible = Environment.UserName == "root" && File.Exists("/usr/sbin/nft");
        if (!isPossible && Environment.GetEnvironmentVariable("CI") is null)
        {
            Skip = "needs root and nftables";
        }
    }
}
