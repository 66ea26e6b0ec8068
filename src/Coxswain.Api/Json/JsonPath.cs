using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Coxswain.Api.Json;

/// <summary>
/// A path into a document as printer columns and scale subresources write it
/// (<c>.status.conditions[?(@.type=="Ready")].status</c>): fields, indices, wildcards, descent and simple filters.
/// See https://kubernetes.io/docs/reference/kubectl/jsonpath/.
/// </summary>
public sealed class JsonPath
{
    /// <summary>The longest expression that is read, and so the most steps one has.</summary>
    public const int MaxLength = 4096;

    private readonly IReadOnlyList<IStep> _steps;

    private JsonPath(string text, IReadOnlyList<IStep> steps)
    {
        Text = text;
        _steps = steps;
    }

    public string Text { get; }

    /// <exception cref="FormatException">Not a path, or one of a form that is not known.</exception>
    public static JsonPath Parse(string text) => text.Length <= MaxLength ? new(text, new Parser(text).Read())
        : throw new FormatException($"longer than {MaxLength} characters");

    /// <summary>What lies there, in the order of the document, found while it is read on; nothing when there is nothing.</summary>
    public IEnumerable<JsonNode> Find(JsonNode root)
    {
        IEnumerable<JsonNode> found = [root];
        foreach (var step in _steps)
        {
            found = found.SelectMany(step.From);
        }

        return found;
    }

    public override string ToString() => Text;

    private interface IStep
    {
        IEnumerable<JsonNode> From(JsonNode node);
    }

    private sealed record Field(string Name) : IStep
    {
        public IEnumerable<JsonNode> From(JsonNode node) =>
            node is JsonObject parent && parent[Name] is { } child ? [child] : [];
    }

    private sealed record Item(int Start, int? End) : IStep
    {
        public IEnumerable<JsonNode> From(JsonNode node)
        {
            if (node is not JsonArray items)
            {
                yield break;
            }

            var start = Start < 0 ? items.Count + Start : Start;
            var end = End is not { } given ? items.Count : given < 0 ? items.Count + given : given;
            for (var i = Math.Max(start, 0); i < Math.Min(end, items.Count); i++)
            {
                if (items[i] is { } item)
                {
                    yield return item;
                }
            }
        }
    }

    private sealed record Every : IStep
    {
        public IEnumerable<JsonNode> From(JsonNode node) => ChildrenOf(node);
    }

    private sealed record Descent(string Name) : IStep
    {
        public IEnumerable<JsonNode> From(JsonNode node)
        {
            var pending = new Stack<JsonNode>([node]);
            while (pending.TryPop(out var next))
            {
                if (next is JsonObject parent && parent[Name] is { } found)
                {
                    yield return found;
                }

                foreach (var child in ChildrenOf(next).Reverse())
                {
                    pending.Push(child);
                }
            }
        }
    }

    private sealed record Filter(JsonPath Left, string Operator, string Right, bool IsText) : IStep
    {
        public IEnumerable<JsonNode> From(JsonNode node) => ChildrenOf(node).Where(Holds);

        private bool Holds(JsonNode node)
        {
            if (Left.Find(node).FirstOrDefault() is not { } left)
            {
                return false;
            }

            if (Operator.Length == 0)
            {
                return true;
            }

            var order = !IsText && left.TryNumber(out var number)
                && double.TryParse(Right, NumberStyles.Float, CultureInfo.InvariantCulture, out var wanted)
                ? number.CompareTo(wanted)
                : string.CompareOrdinal(left.TryText(out var text) ? text : left.ToJsonString(), Right);
            return Operator switch
            {
                "==" => order == 0,
                "!=" => order != 0,
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order >= 0,
            };
        }
    }

    private static IEnumerable<JsonNode> ChildrenOf(JsonNode node) => node switch
    {
        JsonObject parent => parent.Select(property => property.Value).OfType<JsonNode>(),
        JsonArray items => items.OfType<JsonNode>(),
        _ => [],
    };

    private sealed class Parser(string text)
    {
        private int _at;

        private bool IsDone => _at >= text.Length;

        public IReadOnlyList<IStep> Read()
        {
            var steps = new List<IStep>();
            if (text.StartsWith('$') || text.StartsWith('@'))
            {
                _at++;
            }

            while (!IsDone)
            {
                switch (text[_at])
                {
                    case '.' when _at + 1 < text.Length && text[_at + 1] == '.':
                        _at += 2;
                        steps.Add(new Descent(Name()));
                        break;
                    case '.':
                        _at++;
                        if (!IsDone && text[_at] != '[')
                        {
                            steps.Add(Name() is var name && name == "*" ? new Every() : new Field(name));
                        }

                        break;
                    case '[':
                        _at++;
                        steps.Add(Bracket());
                        break;
                    default:
                        throw new FormatException($"unrecognized character in action: {text[_at]}");
                }
            }

            return steps;
        }

        private string Name()
        {
            var name = new StringBuilder();
            while (!IsDone && text[_at] is not ('.' or '['))
            {
                if (text[_at] == '\\' && _at + 1 < text.Length)
                {
                    _at++;
                }

                name.Append(text[_at++]);
            }

            return name.Length > 0 ? name.ToString() : throw new FormatException("a field has no name");
        }

        private IStep Bracket()
        {
            if (IsDone)
            {
                throw new FormatException("unterminated array");
            }

            if (text[_at] == '?')
            {
                return Condition();
            }

            if (text[_at] is '\'' or '"')
            {
                var field = new Field(Quoted());
                Expect(']');
                return field;
            }

            var end = text.IndexOf(']', _at);
            var inner = end < 0 ? throw new FormatException("unterminated array") : text[_at..end].Trim();
            _at = end + 1;
            if (inner == "*")
            {
                return new Every();
            }

            var parts = inner.Split(':');
            return parts.Length switch
            {
                1 => Number(parts[0], 0) is var index ? new Item(index, index == -1 ? null : index + 1) : null!, // always matches
                2 => new Item(Number(parts[0], 0), parts[1].Length == 0 ? null : Number(parts[1], 0)),
                _ => throw new FormatException($"invalid array index {inner}"),
            };
        }

        private Filter Condition()
        {
            _at++;
            Expect('(');
            var end = End();
            var inner = text[_at..end];
            _at = end + 1;
            Expect(']');
            foreach (var known in (ReadOnlySpan<string>)["==", "!=", "<=", ">=", "<", ">"])
            {
                var at = inner.IndexOf(known, StringComparison.Ordinal);
                if (at > 0)
                {
                    var right = inner[(at + known.Length)..].Trim();
                    var isText = right.Length >= 2 && right[0] is '"' or '\'' && right[^1] == right[0];
                    return new Filter(Operand(inner[..at]), known, isText ? right[1..^1] : right, isText);
                }
            }

            return new Filter(Operand(inner), "", "", IsText: false);
        }

        private static JsonPath Operand(string text) => text.Trim() is var path && path.StartsWith('@') && !path.Contains('?')
            ? Parse(path) : throw new FormatException($"a filter begins with @: {path}");

        /// <summary>Where the filter's closing parenthesis is; those in quotes do not count.</summary>
        private int End()
        {
            var quote = '\0';
            for (var i = _at; i < text.Length; i++)
            {
                if (quote != '\0')
                {
                    quote = text[i] == quote ? '\0' : quote;
                }
                else if (text[i] is '"' or '\'')
                {
                    quote = text[i];
                }
                else if (text[i] == ')')
                {
                    return i;
                }
            }

            throw new FormatException("unterminated filter");
        }

        private string Quoted()
        {
            var quote = text[_at++];
            var end = text.IndexOf(quote, _at);
            if (end < 0)
            {
                throw new FormatException("unterminated quoted string");
            }

            var name = text[_at..end];
            _at = end + 1;
            return name;
        }

        private void Expect(char c)
        {
            if (IsDone || text[_at] != c)
            {
                throw new FormatException($"a {c} is missing");
            }

            _at++;
        }

        private static int Number(string digits, int absent) => digits.Length == 0 ? absent
            : int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : throw new FormatException($"invalid array index {digits}");
    }
}
