using Coxswain.Api.Resources;

namespace Coxswain.ApiServer.Resources;

/// <summary>A group-version that another server serves, as discovery tells of it.</summary>
/// <param name="Resources">What that server said last.</param>
/// <param name="IsStale">It does not answer now.</param>
internal sealed record RemoteGroupVersion(string Group, string Version, IReadOnlyList<ApiResource> Resources, bool IsStale);
