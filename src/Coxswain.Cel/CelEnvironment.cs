using System.Text.RegularExpressions;
using Coxswain.Cel.Checking;
using Coxswain.Cel.Evaluation;
using Coxswain.Cel.Functions;
using Coxswain.Cel.Syntax;
using Coxswain.Cel.Types;

namespace Coxswain.Cel;

/// <summary>What an expression may say: variables and functions. Immutable once made, and shared.</summary>
public sealed class CelEnvironment
{
    private readonly FunctionTable _functions;
    private readonly IReadOnlyDictionary<string, CelType> _variables;
    private readonly Func<string, CelStructType?> _structs;
    private readonly bool _mixesTypes;

    private CelEnvironment(
        FunctionTable functions, IReadOnlyDictionary<string, CelType> variables, Func<string, CelStructType?> structs, bool mixesTypes)
    {
        _functions = functions;
        _variables = variables;
        _structs = structs;
        _mixesTypes = mixesTypes;
    }

    /// <summary>The language alone, with optional values and the common extensions.</summary>
    /// <param name="compileRegex">Compiles RE2's syntax for matching in linear time; throws <see cref="FormatException"/>.</param>
    public static CelEnvironment Standard(IReadOnlyDictionary<string, CelType> variables, Func<string, Regex> compileRegex)
    {
        var functions = new FunctionTable();
        AddCommon(functions, compileRegex);
        StringsLibrary.AddReverse(functions);
        return new CelEnvironment(functions, variables, static _ => null, mixesTypes: true);
    }

    /// <summary>As Kubernetes has it: with its functions, and literals whose items have one type.</summary>
    /// <inheritdoc cref="Standard"/>
    public static CelEnvironment Kubernetes(IReadOnlyDictionary<string, CelType> variables, Func<string, Regex> compileRegex)
    {
        var functions = new FunctionTable();
        AddCommon(functions, compileRegex);
        ListsLibrary.AddTo(functions);
        UrlLibrary.AddTo(functions);
        QuantityLibrary.AddTo(functions);
        SemverLibrary.AddTo(functions);
        FormatLibrary.AddTo(functions);
        AuthorizerLibrary.AddTo(functions);
        JsonPatchLibrary.AddTo(functions);
        return new CelEnvironment(functions, variables, static _ => null, mixesTypes: false);
    }

    /// <summary>The same with more variables.</summary>
    public CelEnvironment With(IEnumerable<KeyValuePair<string, CelType>> variables)
    {
        var all = new Dictionary<string, CelType>(_variables, StringComparer.Ordinal);
        foreach (var (name, type) in variables)
        {
            all[name] = type;
        }

        return new CelEnvironment(_functions, all, _structs, _mixesTypes);
    }

    /// <summary>The same with types whose values an expression may make.</summary>
    /// <param name="structs">The type of a name; null when there is none.</param>
    public CelEnvironment Making(Func<string, CelStructType?> structs) => new(_functions, _variables, structs, _mixesTypes);

    public CelCompilation Compile(string source)
    {
        Expr root;
        try
        {
            root = Parser.Parse(source);
        }
        catch (CelSyntaxException exception)
        {
            return new CelCompilation(source, null, [new CelIssue(exception.Position, exception.Message)]);
        }

        if (Checker.Check(root, _functions, _variables, _structs, _mixesTypes, out var issues) is not { } tree)
        {
            return new CelCompilation(source, null, issues);
        }

        var plan = Planner.Plan(tree, out var slots);
        return new CelCompilation(source, new CelProgram(plan, slots, tree.Type), []);
    }

    private static void AddCommon(FunctionTable functions, Func<string, Regex> compileRegex)
    {
        StandardLibrary.AddTo(functions);
        OptionalLibrary.AddTo(functions);
        new RegexLibrary(compileRegex).AddTo(functions);
        StringsLibrary.AddTo(functions);
        SetsLibrary.AddTo(functions);
        NetworkLibrary.AddTo(functions);
    }
}
