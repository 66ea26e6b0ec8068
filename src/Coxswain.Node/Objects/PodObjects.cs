using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;

namespace Coxswain.Node.Objects;

/// <summary>Reads the objects a container's environment needs from the API server: an environment is made once, so it is made fresh.</summary>
internal sealed class PodObjects(IKubeClient client, Informer<Service> services) : IPodObjects
{
    public Task<ConfigMap?> ConfigMapAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        client.FindAsync<ConfigMap>(@namespace, name, cancellationToken);

    public Task<Secret?> SecretAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        client.FindAsync<Secret>(@namespace, name, cancellationToken);

    public async Task<IReadOnlyList<Service>> ServicesAsync(string @namespace, CancellationToken cancellationToken)
    {
        await services.WaitForSyncAsync(cancellationToken);
        return services.List(@namespace);
    }
}
