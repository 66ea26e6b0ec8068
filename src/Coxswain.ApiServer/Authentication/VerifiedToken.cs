using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Authentication;

/// <summary>A token that was checked.</summary>
/// <param name="Audiences">Of those asked for, the ones it names.</param>
internal sealed record VerifiedToken(User User, IReadOnlyList<string> Audiences);
