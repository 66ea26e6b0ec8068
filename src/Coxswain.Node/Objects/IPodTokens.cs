using Coxswain.Api.Authentication.V1;
using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Objects;

/// <summary>Asks the API server for a service account's token, bound to a pod.</summary>
internal interface IPodTokens
{
    Task<TokenRequestStatus> RequestAsync(Pod pod, ServiceAccountTokenProjection projection, CancellationToken cancellationToken);
}
