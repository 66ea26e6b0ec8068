using Coxswain.Api.Core.V1;
using Coxswain.Api.NodeClasses.V1;
using Coxswain.Client;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>Which runtime a pod's RuntimeClass asks for. The node has one.</summary>
internal sealed class RuntimeHandlers(IKubeClient client)
{
    private const string Handler = "runc";

    /// <exception cref="RuntimeException">It asks for another.</exception>
    public async Task CheckAsync(Pod pod, CancellationToken cancellationToken)
    {
        if (pod.Spec.RuntimeClassName is not { Length: > 0 } name)
        {
            return;
        }

        var runtimeClass = await client.FindAsync<RuntimeClass>(null, name, cancellationToken)
            ?? throw new RuntimeException(RuntimeFailure.Failed, $"failed to get sandbox runtime: RuntimeClass \"{name}\" not found");
        if (runtimeClass.Handler != Handler)
        {
            throw new RuntimeException(
                RuntimeFailure.Failed, $"failed to get sandbox runtime: no runtime for \"{runtimeClass.Handler}\" is configured, only \"{Handler}\"");
        }
    }
}
