namespace Coxswain.Api.Apply;

/// <summary>Who owns fields, and by what kind of write. An applier is one whatever the version; others are one a version.</summary>
/// <param name="Name">The field manager's name.</param>
/// <param name="Applies">By server-side apply, rather than by any other write.</param>
/// <param name="ApiVersion">The version the fields are written in.</param>
/// <param name="Subresource">Through which it writes; empty for the object itself.</param>
public sealed record FieldManager(string Name, bool Applies, string ApiVersion, string Subresource = "")
{
    public const string Apply = "Apply";
    public const string Update = "Update";

    public string Operation => Applies ? Apply : Update;

    /// <summary>Whether entries of both are one.</summary>
    public bool IsSame(FieldManager other) => Name == other.Name && Applies == other.Applies && Subresource == other.Subresource
        && (Applies || ApiVersion == other.ApiVersion);

    /// <summary>As messages name it.</summary>
    public override string ToString()
    {
        var text = Errors.FieldError.Quote(Name);
        if (Subresource.Length > 0)
        {
            text += $" with subresource {Errors.FieldError.Quote(Subresource)}";
        }

        return Applies ? text : $"{text} using {ApiVersion}";
    }
}
