using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.Controllers.Management;

/// <summary>The built-in resources and never others, for a server that cannot be asked.</summary>
internal sealed class BuiltInDiscovery : IKubeDiscovery
{
    public ServedResources Current { get; } = new(ApiResources.All);

    public async Task<ServedResources> WaitForChangeAsync(ServedResources known, CancellationToken cancellationToken)
    {
        var never = new TaskCompletionSource<ServedResources>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellationToken.UnsafeRegister((_, token) => never.TrySetCanceled(token), null))
        {
            return await never.Task;
        }
    }
}
