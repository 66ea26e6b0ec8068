using Coxswain.Client.Http;

namespace Coxswain.Hosting;

/// <summary>The command line's own way to the API: the administrator's certificate from the data directory.</summary>
internal static class AdminClient
{
    /// <exception cref="CommandFailure">The cluster was never started here.</exception>
    public static HttpKubeClient Open(ClusterPaths paths) => File.Exists(paths.AdminKubeconfig)
        ? new HttpKubeClient(KubeConfig.Load(paths.AdminKubeconfig), TimeProvider.System)
        : throw new CommandFailure("the cluster was never started; start it with 'coxswain up'");
}
