using Coxswain.Client;

namespace Coxswain.ApiServer.Discovery;

/// <summary>What is served, for the parts of this process that treat every kind alike.</summary>
internal sealed class ServedDiscovery(ServedResources served) : IKubeDiscovery
{
    public ServedResources Current => served;

    public async Task<ServedResources> WaitForChangeAsync(ServedResources known, CancellationToken cancellationToken)
    {
        if (known.Equals(served))
        {
            var never = new TaskCompletionSource();
            await never.Task.WaitAsync(cancellationToken);
        }

        return served;
    }
}
