namespace Coxswain.Cel.Syntax;

/// <param name="Text">The operator, the name, or nothing for a literal.</param>
/// <param name="Value">A literal's value.</param>
internal readonly record struct Token(TokenType Type, string Text, object? Value, int Position);
