using System.Text.RegularExpressions;

namespace Coxswain.Api.Schemata;

/// <summary>
/// A regular expression from a schema. It is written in RE2's syntax and matched in linear time: what
/// cannot be, or would grow too large, is an error that every value meets, as in Kubernetes.
/// </summary>
public sealed class SchemaPattern(string text)
{
    /// <summary>The longest expression that is compiled.</summary>
    public const int MaxLength = 4096;

    /// <summary>A guard behind the linear matching; three megabytes take far less.</summary>
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(2);

    private readonly Lazy<(Regex? Regex, string Error)> _compiled = new(() => Compile(text));

    public string Text { get; } = text;

    /// <summary>Why the expression cannot be used; empty when it can.</summary>
    public string Error => _compiled.Value.Error;

    public bool IsMatch(string value)
    {
        try
        {
            return _compiled.Value.Regex?.IsMatch(value) == true;
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    public override string ToString() => Text;

    private static (Regex? Regex, string Error) Compile(string text)
    {
        try
        {
            return (CompileRegex(text), "");
        }
        catch (FormatException exception)
        {
            return (null, text.Length > MaxLength ? exception.Message : $"error parsing regexp: {exception.Message}");
        }
    }

    /// <summary>An expression in RE2's syntax, for matching in linear time.</summary>
    /// <exception cref="FormatException">It is not in that syntax, or would grow too large.</exception>
    public static Regex CompileRegex(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new FormatException($"longer than {MaxLength} characters");
        }

        try
        {
            return new Regex(Re2Syntax.Translate(text), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new FormatException(exception.Message, exception);
        }
    }
}
