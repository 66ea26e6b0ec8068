namespace Coxswain.Api.Resources;

/// <summary>One resource of the API as discovery lists it: where objects of a kind are served and what may be done there.</summary>
public sealed record ApiResource(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    /// <summary><c>v1</c> for the core group, otherwise <c>group/version</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The resource in words and in RBAC rules: <c>pods</c>, <c>deployments.apps</c>.</summary>
    public string QualifiedName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public string Singular { get; init; } = Kind.ToLowerInvariant();

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<string> Verbs { get; init; } = [];

    public IReadOnlyList<ApiSubresource> Subresources { get; init; } = [];

    /// <summary>The columns of <c>kubectl get</c>; empty means Name and Age.</summary>
    public IReadOnlyList<ApiColumn> Columns { get; init; } = [];
}

/// <param name="Kind">The kind a request or answer carries, which may belong to another group (<c>Scale</c>).</param>
public sealed record ApiSubresource(string Name, string Kind, string? Group, string? Version, IReadOnlyList<string> Verbs);

/// <param name="Priority">0 is always shown, 1 with <c>-o wide</c>.</param>
public sealed record ApiColumn(string Name, string Type, string? Format, int Priority, string? Description);
