using Coxswain.Cel.Values;

namespace Coxswain.Cel.Syntax;

/// <summary>Makes a tree of a source: the grammar of https://github.com/google/cel-spec/blob/master/doc/langdef.md, macros unfolded.</summary>
internal sealed class Parser
{
    /// <summary>The longest source, in characters.</summary>
    public const int MaxLength = 100_000;

    /// <summary>How deep expressions may be inside each other, macros unfolded; every walk of the tree is as deep.</summary>
    public const int MaxDepth = 250;

    /// <summary>How many nodes a tree may have: macros multiply what they are given.</summary>
    public const int MaxNodes = 200_000;

    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "namespace", "null",
        "package", "return", "true", "var", "void", "while",
    };

    private readonly Lexer _lexer;
    private Token _token;
    private int _depth;
    private int _nodes;

    private Parser(string source)
    {
        _lexer = new Lexer(source);
        _token = _lexer.Next();
    }

    /// <exception cref="CelSyntaxException">It is no expression.</exception>
    public static Expr Parse(string source)
    {
        if (source.Length > MaxLength)
        {
            throw new CelSyntaxException(0, $"expression code point size exceeds limit: size: {source.Length}, limit {MaxLength}");
        }

        var parser = new Parser(source);
        var result = parser.Expression();
        return parser._token.Type == TokenType.End ? result : throw parser.Unexpected();
    }

    /// <summary>An error that stands at a token.</summary>
    private CelSyntaxException Unexpected() => new(
        _token.Position, _token.Type == TokenType.End ? "Syntax error: unexpected end of the expression" : $"Syntax error: unexpected '{Shown(_token)}'");

    private static string Shown(Token token) => token.Text.Length > 0 ? token.Text : token.Value?.ToString() ?? "";

    private Expr Expression()
    {
        Enter();
        var position = _token.Position;
        var condition = Or();
        if (Take("?"))
        {
            var then = Or();
            Expect(":");
            condition = Call(position, Operators.Conditional, condition, then, Expression());
        }

        _depth--;
        return condition;
    }

    private Expr Or() => Balanced("||", Operators.Or, And);

    private Expr And() => Balanced("&&", Operators.And, Relation);

    /// <summary>A long chain becomes a tree of little depth.</summary>
    private Expr Balanced(string text, string function, Func<Expr> next)
    {
        var first = next();
        if (!Is(text))
        {
            return first;
        }

        List<Expr> terms = [first];
        var positions = new List<int>();
        while (Is(text))
        {
            positions.Add(_token.Position);
            Advance();
            terms.Add(next());
        }

        return Balance(0, terms.Count);

        Expr Balance(int from, int to)
        {
            if (to - from == 1)
            {
                return terms[from];
            }

            var middle = (from + to + 1) / 2;
            return Call(positions[middle - 1], function, Balance(from, middle), Balance(middle, to));
        }
    }

    private Expr Relation() => Chain(Addition, ["==", "!=", "<=", ">=", "<", ">", "in"]);

    private Expr Addition() => Chain(Multiplication, ["+", "-"]);

    private Expr Multiplication() => Chain(Unary, ["*", "/", "%"]);

    private Expr Chain(Func<Expr> next, string[] operators)
    {
        var left = next();
        var depth = _depth;
        while ((_token.Type == TokenType.Operator || _token is { Type: TokenType.Name, Text: "in" }) && Array.IndexOf(operators, _token.Text) >= 0)
        {
            var (text, position) = (_token.Text, _token.Position);
            Enter();
            Advance();
            left = Call(position, Operators.Binary(text), left, next());
        }

        _depth = depth;
        return left;
    }

    private Expr Unary()
    {
        var position = _token.Position;
        if (Is("!"))
        {
            return Repeated("!", position, Operators.Not);
        }

        if (!Is("-"))
        {
            return Member(Primary());
        }

        Advance();
        if (_token is { Type: TokenType.Literal, Value: long or double or OutsizedInteger, Text: "" })
        {
            var value = _token.Value;
            Advance();
            return Member(Constant(position, value switch
            {
                long number => (object)-number,
                double number => -number,
                OutsizedInteger { Value: 1UL + long.MaxValue } => long.MinValue,
                _ => throw new CelSyntaxException(position, "invalid int literal"),
            }));
        }

        return Repeated("-", position, Operators.Negate, taken: 1);
    }

    private Expr Repeated(string text, int position, string function, int taken = 0)
    {
        var depth = _depth;
        while (Take(text))
        {
            Enter();
            taken++;
        }

        var operand = Member(Primary());
        _depth = depth;

        // An even number of them has no effect.
        return taken % 2 == 0 ? operand : Call(position, function, operand);
    }

    private Expr Member(Expr operand)
    {
        var depth = _depth;
        while (true)
        {
            var position = _token.Position;
            if (Take("."))
            {
                Enter();
                var isOptional = Take("?");
                var isQuoted = _token.Type == TokenType.QuotedName;
                if (!isQuoted && (_token.Type != TokenType.Name || _token.Text is "in" or "true" or "false" or "null"))
                {
                    throw Unexpected();
                }

                var name = _token.Text;
                var at = _token.Position;
                Advance();
                if (!isOptional && !isQuoted && Is("("))
                {
                    var arguments = Arguments();
                    operand = Macros.Expand(this, position, name, operand, arguments) ?? Method(position, name, operand, arguments);
                }
                else if (Is("{") && !isOptional && Qualified(operand) is { } prefix)
                {
                    operand = Struct(at, $"{prefix}.{name}");
                }
                else
                {
                    operand = Count(new SelectExpr(position, operand, name, isOptional: isOptional));
                }
            }
            else if (Take("["))
            {
                Enter();
                var function = Take("?") ? Operators.OptionalIndex : Operators.Index;
                var index = Expression();
                Expect("]");
                operand = Call(position, function, operand, index);
            }
            else
            {
                _depth = depth;
                return operand;
            }
        }
    }

    private Expr Primary()
    {
        var token = _token;
        switch (token.Type)
        {
            case TokenType.Literal:
                Advance();
                return token.Value is OutsizedInteger ? throw new CelSyntaxException(token.Position, "invalid int literal") : Constant(token.Position, token.Value!);
            case TokenType.Name:
                return Named(token, "");
            case TokenType.Operator when token.Text == ".":
                Advance();
                return _token.Type == TokenType.Name ? Named(_token, ".") : throw Unexpected();
            case TokenType.Operator when token.Text == "(":
                Advance();
                var inner = Expression();
                Expect(")");
                return inner;
            case TokenType.Operator when token.Text == "[":
                return List(token.Position);
            case TokenType.Operator when token.Text == "{":
                return Map(token.Position);
            default:
                throw Unexpected();
        }
    }

    private Expr Named(Token token, string prefix)
    {
        Advance();
        switch (token.Text)
        {
            case "true" or "false" when prefix.Length == 0:
                return Constant(token.Position, token.Text == "true");
            case "null" when prefix.Length == 0:
                return Constant(token.Position, CelNull.Value);
        }

        if (Reserved.Contains(token.Text))
        {
            throw new CelSyntaxException(token.Position, $"reserved identifier: {token.Text}");
        }

        if (Is("("))
        {
            var arguments = Arguments();
            return Macros.Expand(this, token.Position, token.Text, null, arguments)
                ?? Count(new CallExpr(token.Position, prefix + token.Text, null, arguments));
        }

        return Is("{") ? Struct(token.Position, token.Text) : Count(new IdentExpr(token.Position, prefix + token.Text));
    }

    private List<Expr> Arguments()
    {
        Expect("(");
        var arguments = new List<Expr>();
        while (!Is(")"))
        {
            arguments.Add(Expression());
            if (!Take(","))
            {
                break;
            }

            if (Is(")"))
            {
                throw Unexpected();
            }
        }

        Expect(")");
        return arguments;
    }

    private Expr List(int position)
    {
        Advance();
        var items = new List<Expr>();
        var optional = new HashSet<int>();
        while (!Is("]"))
        {
            if (Take("?"))
            {
                optional.Add(items.Count);
            }

            items.Add(Expression());
            if (!Take(","))
            {
                break;
            }
        }

        Expect("]");
        return Count(new ListExpr(position, items, optional));
    }

    private Expr Map(int position)
    {
        Advance();
        var entries = new List<MapEntry>();
        while (!Is("}"))
        {
            var isOptional = Take("?");
            var key = Expression();
            Expect(":");
            entries.Add(new MapEntry(key, Expression(), isOptional));
            if (!Take(","))
            {
                break;
            }
        }

        Expect("}");
        return Count(new MapExpr(position, entries));
    }

    private StructExpr Struct(int position, string typeName)
    {
        Expect("{");
        var fields = new List<StructField>();
        while (!Is("}"))
        {
            var isOptional = Take("?");
            if (_token.Type is not (TokenType.Name or TokenType.QuotedName))
            {
                throw Unexpected();
            }

            var name = _token.Text;
            Advance();
            Expect(":");
            fields.Add(new StructField(name, Expression(), isOptional));
            if (!Take(","))
            {
                break;
            }
        }

        Expect("}");
        return Count(new StructExpr(position, typeName, fields));
    }

    /// <summary>The dotted name a chain of fields spells; null when it is none.</summary>
    internal static string? Qualified(Expr expr) => expr switch
    {
        IdentExpr ident => ident.Name,
        SelectExpr { IsTest: false, IsOptional: false } select => Qualified(select.Operand) is { } prefix ? $"{prefix}.{select.Field}" : null,
        _ => null,
    };

    internal Expr Constant(int position, object value) => Count(new ConstantExpr(position, value));

    internal Expr Call(int position, string function, params IReadOnlyList<Expr> arguments) => Count(new CallExpr(position, function, null, arguments));

    internal Expr Method(int position, string function, Expr target, params IReadOnlyList<Expr> arguments) =>
        Count(new CallExpr(position, function, target, arguments));

    internal T Count<T>(T expr)
        where T : Expr
    {
        if (++_nodes > MaxNodes)
        {
            throw new CelSyntaxException(expr.Position, $"expression has more than {MaxNodes} nodes");
        }

        return expr;
    }

    private void Enter()
    {
        if (++_depth > MaxDepth)
        {
            throw new CelSyntaxException(_token.Position, $"expression recursion limit exceeded: {MaxDepth}");
        }
    }

    private bool Is(string text) => _token.Type == TokenType.Operator && _token.Text == text;

    private bool Take(string text)
    {
        if (!Is(text))
        {
            return false;
        }

        Advance();
        return true;
    }

    private void Expect(string text)
    {
        if (!Take(text))
        {
            throw Unexpected();
        }
    }

    private void Advance() => _token = _lexer.Next();
}
