namespace Coxswain.Cel.Syntax;

internal enum TokenType
{
    End,
    Name,

    /// <summary>A name in backquotes, which can be a field only.</summary>
    QuotedName,
    Literal,
    Operator,
}
