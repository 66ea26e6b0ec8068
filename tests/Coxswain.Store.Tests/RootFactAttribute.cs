namespace Coxswain.Store.Tests;

/// <summary>A test that mounts something; in continuous integration it runs or fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess && Environment.GetEnvironmentVariable("CI") is null)
        {
            Skip = "needs root to mount a file system";
        }
    }
}
