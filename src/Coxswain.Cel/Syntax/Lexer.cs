using System.Globalization;
using System.Text;

namespace Coxswain.Cel.Syntax;

/// <summary>Cuts a source into tokens.</summary>
internal sealed class Lexer(string source)
{
    private static readonly string[] Operators =
        ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}"];

    private int _at;

    /// <exception cref="CelSyntaxException">There is none.</exception>
    public Token Next()
    {
        SkipSpace();
        var start = _at;
        if (_at == source.Length)
        {
            return new Token(TokenType.End, "", null, start);
        }

        var character = source[_at];
        if (TryString(out var literal))
        {
            return new Token(TokenType.Literal, "", literal, start);
        }

        if (char.IsAsciiDigit(character) || (character == '.' && _at + 1 < source.Length && char.IsAsciiDigit(source[_at + 1])))
        {
            return Number(start);
        }

        if (IsNameStart(character))
        {
            while (_at < source.Length && (IsNameStart(source[_at]) || char.IsAsciiDigit(source[_at])))
            {
                _at++;
            }

            return new Token(TokenType.Name, source[start.._at], null, start);
        }

        if (character == '`')
        {
            var end = source.IndexOf('`', _at + 1);
            if (end <= _at + 1 || source.AsSpan(_at + 1, end - _at - 1).ContainsAnyExcept(QuotedCharacters))
            {
                throw new CelSyntaxException(start, "Syntax error: token recognition error at: '`'");
            }

            _at = end + 1;
            return new Token(TokenType.QuotedName, source[(start + 1)..end], null, start);
        }

        foreach (var text in Operators)
        {
            if (string.CompareOrdinal(source, _at, text, 0, text.Length) == 0)
            {
                _at += text.Length;
                return new Token(TokenType.Operator, text, null, start);
            }
        }

        throw new CelSyntaxException(start, $"Syntax error: token recognition error at: '{character}'");
    }

    private static readonly System.Buffers.SearchValues<char> QuotedCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/ ");

    private static bool IsNameStart(char character) => char.IsAsciiLetter(character) || character == '_';

    private void SkipSpace()
    {
        while (_at < source.Length)
        {
            if (source[_at] is ' ' or '\t' or '\r' or '\n' or '\f')
            {
                _at++;
            }
            else if (source[_at] == '/' && _at + 1 < source.Length && source[_at + 1] == '/')
            {
                var end = source.IndexOf('\n', _at);
                _at = end < 0 ? source.Length : end;
            }
            else
            {
                return;
            }
        }
    }

    private Token Number(int start)
    {
        if (source[_at] == '0' && _at + 1 < source.Length && source[_at + 1] is 'x' or 'X')
        {
            _at += 2;
            var digits = _at;
            while (_at < source.Length && char.IsAsciiHexDigit(source[_at]))
            {
                _at++;
            }

            if (digits == _at || !ulong.TryParse(source.AsSpan(digits, _at - digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex))
            {
                throw new CelSyntaxException(start, "invalid int literal");
            }

            return Integer(start, hex);
        }

        Digits();
        var isDouble = false;
        if (_at + 1 < source.Length && source[_at] == '.' && char.IsAsciiDigit(source[_at + 1]))
        {
            isDouble = true;
            _at++;
            Digits();
        }

        if (_at < source.Length && source[_at] is 'e' or 'E')
        {
            var mark = _at++;
            if (_at < source.Length && source[_at] is '+' or '-')
            {
                _at++;
            }

            if (_at < source.Length && char.IsAsciiDigit(source[_at]))
            {
                isDouble = true;
                Digits();
            }
            else
            {
                _at = mark;
            }
        }

        if (isDouble)
        {
            return new Token(TokenType.Literal, "", double.Parse(source.AsSpan(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture), start);
        }

        return ulong.TryParse(source.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? Integer(start, value) : throw new CelSyntaxException(start, "invalid int literal");
    }

    /// <summary>One beyond the largest integer is a literal only behind a minus, which the parser sees.</summary>
    private Token Integer(int start, ulong value)
    {
        if (_at < source.Length && source[_at] is 'u' or 'U')
        {
            _at++;
            return new Token(TokenType.Literal, "u", value, start);
        }

        return new Token(TokenType.Literal, "", value <= long.MaxValue ? (long)value : new OutsizedInteger(value), start);
    }

    private void Digits()
    {
        while (_at < source.Length && char.IsAsciiDigit(source[_at]))
        {
            _at++;
        }
    }

    private bool TryString(out object? value)
    {
        value = null;
        var at = _at;
        bool isRaw = false, isBytes = false;
        while (at < source.Length && source[at] is 'r' or 'R' or 'b' or 'B')
        {
            if (source[at] is 'r' or 'R' ? isRaw : isBytes)
            {
                return false;
            }

            isRaw |= source[at] is 'r' or 'R';
            isBytes |= source[at] is 'b' or 'B';
            at++;
        }

        if (at >= source.Length || source[at] is not ('"' or '\''))
        {
            return false;
        }

        var start = _at;
        var quote = source[at];
        var isTriple = at + 2 < source.Length && source[at + 1] == quote && source[at + 2] == quote;
        var ending = isTriple ? new string(quote, 3) : quote.ToString();
        at += ending.Length;
        var text = new StringBuilder();
        var bytes = new MemoryStream();
        while (true)
        {
            if (at >= source.Length || (!isTriple && source[at] is '\n' or '\r'))
            {
                throw new CelSyntaxException(start, $"Syntax error: token recognition error at: '{source[start..Math.Min(at, start + 20)]}'");
            }

            if (string.CompareOrdinal(source, at, ending, 0, ending.Length) == 0)
            {
                _at = at + ending.Length;
                value = isBytes ? bytes.ToArray() : text.ToString();
                return true;
            }

            if (source[at] == '\\' && !isRaw)
            {
                at = Escape(at, isBytes, text, bytes);
                continue;
            }

            if (Rune.DecodeFromUtf16(source.AsSpan(at), out var rune, out var length) != System.Buffers.OperationStatus.Done)
            {
                throw new CelSyntaxException(at, "Syntax error: the source is not well-formed Unicode");
            }

            Append(rune, text, bytes);
            at += length;
        }
    }

    private int Escape(int at, bool isBytes, StringBuilder text, MemoryStream bytes)
    {
        var kind = at + 1 < source.Length ? source[at + 1] : '\0';
        var simple = "abfnrtv\\'\"`?".IndexOf(kind, StringComparison.Ordinal);
        if (simple >= 0)
        {
            Append(new Rune("\a\b\f\n\r\t\v\\'\"`?"[simple]), text, bytes);
            return at + 2;
        }

        var (skip, digits, radix) = kind switch
        {
            'x' or 'X' => (2, 2, 16),
            'u' when !isBytes => (2, 4, 16),
            'U' when !isBytes => (2, 8, 16),
            >= '0' and <= '3' => (1, 3, 8),
            _ => throw new CelSyntaxException(at, "unable to unescape string"),
        };
        if (at + skip + digits > source.Length)
        {
            throw new CelSyntaxException(at, "unable to unescape string");
        }

        long value = 0;
        foreach (var digit in source.AsSpan(at + skip, digits))
        {
            var number = char.IsAsciiHexDigit(digit) ? Convert.ToInt32(digit.ToString(), 16) : radix;
            value = number < radix ? (value * radix) + number : throw new CelSyntaxException(at, "unable to unescape string");
        }

        if (isBytes)
        {
            bytes.WriteByte((byte)value);
        }
        else if (value <= int.MaxValue && Rune.IsValid((int)value))
        {
            text.Append(new Rune((int)value).ToString());
        }
        else
        {
            throw new CelSyntaxException(at, "invalid unicode code point");
        }

        return at + skip + digits;
    }

    private static void Append(Rune rune, StringBuilder text, MemoryStream bytes)
    {
        text.Append(rune.ToString());
        Span<byte> utf8 = stackalloc byte[4];
        bytes.Write(utf8[..rune.EncodeToUtf8(utf8)]);
    }
}
