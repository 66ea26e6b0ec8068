namespace Coxswain.Cel.Syntax;

/// <summary>The source is not an expression.</summary>
internal sealed class CelSyntaxException(int position, string message) : Exception(message)
{
    public int Position { get; } = position;
}
