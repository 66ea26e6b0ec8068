using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Regular expressions in RE2's syntax.</summary>
internal sealed class RegexLibrary(Func<string, Regex> compile)
{
    /// <summary>Expressions are written into policies, so there are few; those made while evaluating do not pile up.</summary>
    private const int MostKept = 256;

    private readonly ConcurrentDictionary<string, Regex> _known = new(StringComparer.Ordinal);

    public void AddTo(FunctionTable table)
    {
        var text = CelType.String;
        table.Function("matches", [text, text], CelType.Bool, Matches, Costs.Product);
        table.Method("matches", [text, text], CelType.Bool, Matches, Costs.Product);
        table.Method("find", [text, text], text, arguments => With(arguments, regex => regex.Match((string)arguments[0]) is { Success: true } match ? match.Value : ""), Costs.Product);
        table.Method("findAll", [text, text], CelType.List(text), arguments => With(arguments, regex => All(regex, (string)arguments[0], -1)), Costs.Product);
        table.Method("findAll", [text, text, CelType.Int], CelType.List(text),
            arguments => With(arguments, regex => All(regex, (string)arguments[0], (long)arguments[2])), Costs.Product);
    }

    private object Matches(object[] arguments) => With(arguments, regex => regex.IsMatch((string)arguments[0]));

    private object With(object[] arguments, Func<Regex, object> use)
    {
        var pattern = (string)arguments[1];
        try
        {
            if (!_known.TryGetValue(pattern, out var regex))
            {
                regex = compile(pattern);
                if (_known.Count >= MostKept)
                {
                    _known.Clear();
                }

                _known.TryAdd(pattern, regex);
            }

            return use(regex);
        }
        catch (FormatException exception)
        {
            return new CelError($"error parsing regexp: {exception.Message}");
        }
        catch (RegexMatchTimeoutException)
        {
            return new CelError("the regular expression took too long");
        }
    }

    private static CelList All(Regex regex, string text, long most) =>
        CelList.Of([.. regex.Matches(text).Take(most < 0 ? int.MaxValue : (int)Math.Min(most, int.MaxValue)).Select(match => (object)match.Value)]);
}
