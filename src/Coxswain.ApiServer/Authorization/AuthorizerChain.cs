namespace Coxswain.ApiServer.Authorization;

/// <summary>Allows what one of several allows, asked in their order.</summary>
internal sealed class AuthorizerChain(IReadOnlyList<IAuthorizer> authorizers) : IAuthorizer
{
    public async ValueTask<bool> AllowsAsync(AccessAttributes attributes, CancellationToken cancellationToken)
    {
        foreach (var authorizer in authorizers)
        {
            if (await authorizer.AllowsAsync(attributes, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }
}
