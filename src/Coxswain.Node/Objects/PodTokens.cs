using Coxswain.Api.Authentication.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.Node.Objects;

/// <summary>Tokens by the TokenRequest API.</summary>
internal sealed class PodTokens(IKubeClient client) : IPodTokens
{
    public async Task<TokenRequestStatus> RequestAsync(
        Pod pod, ServiceAccountTokenProjection projection, CancellationToken cancellationToken)
    {
        var account = pod.Spec.ServiceAccountName.Length > 0 ? pod.Spec.ServiceAccountName : "default";
        var request = TokenRequest.Empty with
        {
            Spec = TokenRequestSpec.Empty with
            {
                Audiences = projection.Audience.Length > 0 ? [projection.Audience] : [],
                ExpirationSeconds = projection.ExpirationSeconds,
                BoundObjectRef = new BoundObjectReference { Kind = "Pod", ApiVersion = "v1", Name = pod.Metadata.Name, Uid = pod.Metadata.Uid },
            },
        };
        try
        {
            var answer = await client.PostAsync<TokenRequest, TokenRequest>(
                ApiResources.Of<ServiceAccount>(), pod.Metadata.Namespace, account, "token", request, cancellationToken);
            return answer.Status;
        }
        catch (KubeStatusException exception)
        {
            throw new PodObjectException($"failed to fetch token: {exception.Message}", exception);
        }
    }
}
