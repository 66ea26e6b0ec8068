using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Selectors;

/// <summary>Parses <c>a=b,c==d,e!=f,g in (x,y),h notin (z),i,!j,k>1,l&lt;2</c>, refusing in Kubernetes' words.</summary>
internal sealed class LabelSelectorParser(string text)
{
    private int _position;
    private string _error = "";

    public bool TryParse(out List<LabelRequirement> requirements, out string error)
    {
        requirements = [];
        error = "";
        if (Peek().Length == 0)
        {
            return true;
        }

        while (true)
        {
            if (ParseRequirement() is not { } requirement)
            {
                error = $"unable to parse requirement: {_error}";
                return false;
            }

            requirements.Add(requirement);
            var next = Next();
            if (next.Length == 0)
            {
                return true;
            }

            var after = Peek();
            if (next != "," || (after != "!" && !IsWord(after)))
            {
                error = next == "," ? $"found '{after}', expected: identifier after ','" : $"found '{next}', expected: ',' or 'end of string'";
                return false;
            }
        }
    }

    private LabelRequirement? ParseRequirement()
    {
        var negated = Peek() == "!";
        if (negated)
        {
            Next();
        }

        var key = Next();
        if (!IsWord(key))
        {
            return Fail($"found '{key}', expected: identifier");
        }

        if (Names.QualifiedNameErrors(key) is [var keyError, ..])
        {
            return Fail($"<nil>: Invalid value: {FieldError.Quote(key)}: {keyError}");
        }

        if (negated)
        {
            return new(key, SelectorOperator.DoesNotExist, []);
        }

        if (Peek() is "" or ",")
        {
            return new(key, SelectorOperator.Exists, []);
        }

        SelectorOperator? parsed = Next() switch
        {
            "=" or "==" => SelectorOperator.Equals,
            "!=" => SelectorOperator.NotEquals,
            "in" => SelectorOperator.In,
            "notin" => SelectorOperator.NotIn,
            ">" => SelectorOperator.GreaterThan,
            "<" => SelectorOperator.LessThan,
            var other => FailOperator(other),
        };
        if (parsed is not { } @operator)
        {
            return null;
        }

        var values = @operator is SelectorOperator.In or SelectorOperator.NotIn ? ParseValues() : ParseValue();
        return values is null || !AreValid(key, @operator, values) ? null
            : new(key, @operator, [.. values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }

    private List<string>? ParseValue()
    {
        if (Peek() is "" or ",")
        {
            return [""];
        }

        var value = Next();
        if (!IsWord(value))
        {
            Fail($"found '{value}', expected: identifier");
            return null;
        }

        return [value];
    }

    private List<string>? ParseValues()
    {
        if (Next() is not "(" and var open)
        {
            Fail($"found '{open}', expected: '('");
            return null;
        }

        var values = new List<string>();
        while (true)
        {
            var token = Peek();
            if (token is "," or ")")
            {
                // Nothing between two commas is the empty value.
                values.Add("");
            }
            else if (IsWord(token))
            {
                values.Add(Next());
            }
            else
            {
                Fail($"found '{token}', expected: ',', ')' or identifier");
                return null;
            }

            switch (Next())
            {
                case ")":
                    return values;
                case ",":
                    break;
                case var other:
                    Fail($"found '{other}', expected: ',' or ')'");
                    return null;
            }
        }
    }

    private bool AreValid(string key, SelectorOperator @operator, List<string> values)
    {
        foreach (var (index, value) in values.Index())
        {
            if (@operator is SelectorOperator.GreaterThan or SelectorOperator.LessThan)
            {
                if (!long.TryParse(value, System.Globalization.NumberStyles.AllowLeadingSign, null, out _))
                {
                    Fail($"values[{index}]: Invalid value: {FieldError.Quote(value)}: for 'Gt', 'Lt' operators, the value must be an integer");
                    return false;
                }
            }
            else if (Names.LabelValueErrors(value) is [var error, ..])
            {
                Fail($"values[{index}][{key}]: Invalid value: {FieldError.Quote(value)}: {error}");
                return false;
            }
        }

        return true;
    }

    private LabelRequirement? Fail(string error)
    {
        _error = error;
        return null;
    }

    private SelectorOperator? FailOperator(string found)
    {
        _error = $"found '{found}', expected: in, notin, =, ==, !=, gt, lt";
        return null;
    }

    private string Peek()
    {
        var before = _position;
        var token = Next();
        _position = before;
        return token;
    }

    /// <summary>The next symbol or word; empty at the end.</summary>
    private string Next()
    {
        while (_position < text.Length && char.IsWhiteSpace(text[_position]))
        {
            _position++;
        }

        if (_position == text.Length)
        {
            return "";
        }

        var start = _position;
        if (IsSymbol(text[_position]))
        {
            _position++;
            if (_position < text.Length && text[_position] == '=' && text[start] is '=' or '!')
            {
                _position += _position < text.Length && text[_position] == '=' ? 1 : 0;
            }
        }
        else
        {
            while (_position < text.Length && !IsSymbol(text[_position]) && !char.IsWhiteSpace(text[_position]))
            {
                _position++;
            }
        }

        return text[start.._position];
    }

    private static bool IsSymbol(char c) => c is '=' or '!' or '(' or ')' or ',' or '>' or '<';

    private static bool IsWord(string token) => token.Length > 0 && !IsSymbol(token[0]);
}
