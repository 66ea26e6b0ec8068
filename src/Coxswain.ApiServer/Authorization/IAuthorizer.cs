namespace Coxswain.ApiServer.Authorization;

/// <summary>Decides what a user may do.</summary>
internal interface IAuthorizer
{
    ValueTask<bool> AllowsAsync(AccessAttributes attributes, CancellationToken cancellationToken);
}
