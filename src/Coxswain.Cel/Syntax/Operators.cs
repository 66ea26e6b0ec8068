namespace Coxswain.Cel.Syntax;

/// <summary>The functions that operators stand for, by the names cel-go gives them.</summary>
internal static class Operators
{
    public const string Conditional = "_?_:_";
    public const string Or = "_||_";
    public const string And = "_&&_";
    public const string Not = "!_";
    public const string Negate = "-_";
    public const string Equal = "_==_";
    public const string NotEqual = "_!=_";
    public const string In = "@in";
    public const string Index = "_[_]";
    public const string OptionalIndex = "_[?_]";

    /// <summary>Goes on unless it is surely false: an error may still be absorbed by a later element.</summary>
    public const string NotStrictlyFalse = "@not_strictly_false";

    /// <summary>A map with one more entry, for macros that make maps.</summary>
    public const string Insert = "@map_insert";

    public static string Binary(string text) => text == "in" ? In : $"_{text}_";
}
