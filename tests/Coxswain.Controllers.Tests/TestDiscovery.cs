using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests;

/// <summary>What is served, as a test sets it.</summary>
internal sealed class TestDiscovery : IKubeDiscovery
{
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ServedResources Current { get; private set; } = new(ApiResources.All);

    public void Serve(IEnumerable<ApiResource> resources)
    {
        Current = new ServedResources([.. resources]);
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    public async Task<ServedResources> WaitForChangeAsync(ServedResources known, CancellationToken cancellationToken)
    {
        while (known.Equals(Current))
        {
            var changed = _changed;
            await using (cancellationToken.UnsafeRegister((_, token) => changed.TrySetCanceled(token), null))
            {
                await changed.Task;
            }
        }

        return Current;
    }
}
