namespace Coxswain.Cel.Functions;

/// <summary>Whether somebody may do something.</summary>
/// <param name="Path">Empty for a question about a resource.</param>
public sealed record CelAccessCheck(string Path = "", string Verb = "", string Group = "", string Resource = "")
{
    public string Subresource { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    public string FieldSelector { get; init; } = "";

    public string LabelSelector { get; init; } = "";

    /// <summary>Of whom; null for who sends the request.</summary>
    public (string Namespace, string Name)? ServiceAccount { get; init; }
}
