using Coxswain.Cel.Functions;
using Coxswain.Cel.Syntax;
using Coxswain.Cel.Types;

namespace Coxswain.Cel.Checking;

/// <summary>
/// Says what each name means and which signatures each call can have, and finds what cannot be: unknown names, fields that a type does
/// not have, arguments that no signature takes.
/// </summary>
internal sealed class Checker
{
    /// <summary>More are not told.</summary>
    private const int MostIssues = 20;

    private static readonly CelType[] NamedTypes =
    [
        CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.String, CelType.Bytes, CelType.Null, CelType.Duration, CelType.Timestamp,
        CelType.List(CelType.Dyn), CelType.Map(CelType.Dyn, CelType.Dyn), CelType.Type(CelType.Dyn), CelType.Optional(CelType.Dyn),
    ];

    private readonly FunctionTable _functions;
    private readonly IReadOnlyDictionary<string, CelType> _variables;
    private readonly Func<string, CelStructType?> _structs;
    private bool _mixesTypes;
    private readonly TypeUnifier _unifier = new();
    private readonly List<(string Name, CelType Type)> _scope = [];
    private readonly Dictionary<Expr, CelType> _types = [];
    private readonly Dictionary<Expr, NameReference> _names = [];
    private readonly Dictionary<CallExpr, CallReference> _calls = [];
    private readonly List<CelIssue> _issues = [];

    private Checker(
        FunctionTable functions, IReadOnlyDictionary<string, CelType> variables, Func<string, CelStructType?> structs, bool mixesTypes)
    {
        _functions = functions;
        _structs = structs;
        _variables = variables;
        _mixesTypes = mixesTypes;
    }

    /// <param name="mixesTypes">Whether a literal list or map may hold values of different types.</param>
    /// <returns>What was found; null when there are issues.</returns>
    public static CheckedExpr? Check(
        Expr root, FunctionTable functions, IReadOnlyDictionary<string, CelType> variables, Func<string, CelStructType?> structs, bool mixesTypes,
        out IReadOnlyList<CelIssue> issues)
    {
        var checker = new Checker(functions, variables, structs, mixesTypes);
        var type = checker.Visit(root);
        issues = checker._issues;
        if (checker._issues.Count > 0)
        {
            return null;
        }

        var types = checker._types.ToDictionary(entry => entry.Key, entry => checker._unifier.Resolve(entry.Value, unknownIsDyn: true));
        return new CheckedExpr(root, checker._unifier.Resolve(type, unknownIsDyn: true), types, checker._names, checker._calls);
    }

    /// <summary>A node that a macro used twice means the same both times.</summary>
    private CelType Visit(Expr expr)
    {
        if (_types.TryGetValue(expr, out var known))
        {
            return known;
        }

        var type = expr switch
        {
            ConstantExpr constant => Values.CelValues.TypeOf(constant.Value),
            IdentExpr ident => VisitIdent(ident),
            SelectExpr select => VisitSelect(select),
            CallExpr call => VisitCall(call),
            ListExpr list => VisitList(list),
            MapExpr map => VisitMap(map),
            FoldExpr fold => VisitFold(fold),
            StructExpr message => VisitStruct(message),
            _ => throw new InvalidOperationException($"{expr.GetType()} is no expression"),
        };
        _types.Add(expr, type);
        return type;
    }

    private CelType VisitIdent(IdentExpr ident) => Named(ident, ident.Name) ?? Report(ident, $"undeclared reference to '{ident.Name}' (in container '')");

    /// <summary>The nearest declaration of a name; null when there is none.</summary>
    private CelType? Named(Expr expr, string name)
    {
        var isAbsolute = name.StartsWith('.');
        name = isAbsolute ? name[1..] : name;
        for (var i = _scope.Count - 1; i >= 0 && !isAbsolute; i--)
        {
            if (_scope[i].Name == name)
            {
                _names[expr] = new NameReference(name, null);
                return _scope[i].Type;
            }
        }

        if (_variables.TryGetValue(name, out var type))
        {
            _names[expr] = new NameReference(isAbsolute ? "." + name : name, null);
            return type;
        }

        if ((Array.Find(NamedTypes, known => known.Name == name) ?? _functions.FindType(name)) is { } named)
        {
            _names[expr] = new NameReference(name, named);
            return CelType.Type(named);
        }

        return null;
    }

    private CelType VisitSelect(SelectExpr select)
    {
        // A dotted name is a name before it is a field.
        if (Parser.Qualified(select) is { } name && !IsInScope(name) && Named(select, name) is { } named)
        {
            return named;
        }

        var operand = _unifier.Resolve(Visit(select.Operand));
        var isOptional = select.IsOptional;
        if (operand is { Kind: CelKind.Opaque, Name: "optional_type" })
        {
            operand = _unifier.Resolve(operand.Parameters[0]);
            isOptional = true;
        }

        var field = FieldOf(operand, select);
        return select.IsTest ? CelType.Bool : isOptional ? CelType.Optional(field) : field;
    }

    private bool IsInScope(string qualified)
    {
        var dot = qualified.IndexOf('.', 1);
        var root = dot < 0 ? qualified : qualified[..dot];
        return _scope.Exists(variable => variable.Name == root);
    }

    private CelType FieldOf(CelType operand, SelectExpr select)
    {
        switch (operand.Kind)
        {
            case CelKind.Map:
                return operand.Parameters[1];
            case CelKind.Object:
                return operand.Fields.TryGetValue(select.Field, out var field) ? field : Report(select, $"undefined field '{select.Field}'");
            case CelKind.Dyn or CelKind.Parameter:
                return CelType.Dyn;
            default:
                return Report(select, $"type '{operand}' does not support field selection");
        }
    }

    private CelType VisitCall(CallExpr call)
    {
        // A function may have a dotted name, which looks like a method of something.
        if (call.Target is { } target)
        {
            if (Parser.Qualified(target) is { } prefix && !IsInScope(prefix) && _functions.Find($"{prefix.TrimStart('.')}.{call.Function}") is { Count: > 0 } qualified)
            {
                return Resolve(call, $"{prefix.TrimStart('.')}.{call.Function}", qualified, call.Arguments, hasTarget: false);
            }

            return Resolve(call, call.Function, [.. _functions.Find(call.Function).Where(overload => overload.IsMember)], [target, .. call.Arguments], hasTarget: true);
        }

        var name = call.Function.TrimStart('.');
        return Resolve(call, name, [.. _functions.Find(name).Where(overload => !overload.IsMember)], call.Arguments, hasTarget: false);
    }

    private CelType Resolve(CallExpr call, string function, IReadOnlyList<Overload> candidates, IReadOnlyList<Expr> arguments, bool hasTarget)
    {
        // What is formatted may be of all types at once.
        var mixes = _mixesTypes;
        _mixesTypes |= hasTarget && function == "format";
        List<CelType> types = [.. arguments.Select(Visit)];
        _mixesTypes = mixes;
        if (!_functions.Has(function))
        {
            return Report(call, $"undeclared reference to '{function}' (in container '')");
        }

        var matches = new List<Overload>();
        CelType? result = null;
        foreach (var candidate in candidates.Where(candidate => candidate.Parameters.Count == types.Count))
        {
            var parameters = new Dictionary<string, CelType>(StringComparer.Ordinal);
            List<CelType> expected = [.. candidate.Parameters.Select(type => _unifier.Instantiate(type, parameters))];
            if (!_unifier.AreAssignable(expected, types))
            {
                continue;
            }

            var type = _unifier.Resolve(_unifier.Instantiate(candidate.Result, parameters));
            result = result is null || result.ToString() == type.ToString() ? type : CelType.Dyn;
            matches.Add(candidate);
        }

        if (result is null)
        {
            var shown = types.Select(type => _unifier.Resolve(type, unknownIsDyn: true).ToString()).ToList();
            return Report(call, hasTarget
                ? $"found no matching overload for '{function}' applied to '{shown[0]}.({string.Join(", ", shown.Skip(1))})'"
                : $"found no matching overload for '{function}' applied to '({string.Join(", ", shown)})'");
        }

        _calls[call] = new CallReference(function, matches, hasTarget);
        return result;
    }

    private CelType VisitList(ListExpr list)
    {
        CelType? item = null;
        for (var i = 0; i < list.Items.Count; i++)
        {
            var type = Visit(list.Items[i]);
            item = Joined(list.Items[i], item, list.Optional.Contains(i) ? Inner(list.Items[i], type) : type);
        }

        return CelType.List(item ?? _unifier.Fresh());
    }

    private CelType VisitMap(MapExpr map)
    {
        CelType? key = null, value = null;
        foreach (var entry in map.Entries)
        {
            key = Joined(entry.Key, key, Visit(entry.Key));
            var type = Visit(entry.Value);
            value = Joined(entry.Value, value, entry.IsOptional ? Inner(entry.Value, type) : type);
        }

        return CelType.Map(key ?? _unifier.Fresh(), value ?? _unifier.Fresh());
    }

    private CelType VisitStruct(StructExpr message)
    {
        if (_structs(message.TypeName.TrimStart('.')) is not { } known)
        {
            return Report(message, $"undeclared reference to '{message.TypeName}' (in container '')");
        }

        foreach (var field in message.Fields)
        {
            var type = Visit(field.Value);
            type = field.IsOptional ? Inner(field.Value, type) : type;
            if (known.FieldOf(field.Name) is not { } wanted)
            {
                Report(field.Value, $"undefined field '{field.Name}'");
            }
            else if (!_unifier.IsAssignable(wanted, type))
            {
                Report(field.Value, $"expected type of field '{field.Name}' is '{wanted}' but provided type is '{_unifier.Resolve(type)}'");
            }
        }

        return known.Type;
    }

    private CelType Inner(Expr expr, CelType type)
    {
        var inner = _unifier.Fresh();
        return _unifier.IsAssignable(CelType.Optional(inner), type) ? inner : Report(expr, $"expected type 'optional_type' but found '{type}'");
    }

    private CelType Joined(Expr expr, CelType? known, CelType type)
    {
        if (known is null)
        {
            return type;
        }

        return _unifier.Join(known, type) is { } joined ? joined : _mixesTypes ? CelType.Dyn : Report(expr, $"expected type '{_unifier.Resolve(known)}' but found '{_unifier.Resolve(type)}'");
    }

    private CelType VisitFold(FoldExpr fold)
    {
        var range = _unifier.Resolve(Visit(fold.Range));
        CelType key, value;
        switch (range.Kind)
        {
            case CelKind.List:
                (key, value) = (CelType.Int, range.Parameters[0]);
                break;
            case CelKind.Map:
                (key, value) = (range.Parameters[0], range.Parameters[1]);
                break;
            case CelKind.Dyn or CelKind.Parameter:
                (key, value) = (CelType.Dyn, CelType.Dyn);
                break;
            default:
                (key, value) = (Report(fold.Range, $"expression of type '{range}' cannot be range of a comprehension (must be list, map, or dynamic)"), CelType.Dyn);
                break;
        }

        var init = Visit(fold.Init);
        var count = _scope.Count;
        _scope.Add((fold.Accumulator, init));
        var inner = _scope.Count;
        if (fold.Second is null)
        {
            _scope.Add((fold.Variable, range.Kind == CelKind.Map ? key : value));
        }
        else
        {
            _scope.Add((fold.Variable, key));
            _scope.Add((fold.Second, value));
        }

        Expect(fold.Condition, CelType.Bool);
        Expect(fold.Step, init);
        _scope.RemoveRange(inner, _scope.Count - inner);
        var result = Visit(fold.Result);
        _scope.RemoveRange(count, _scope.Count - count);
        return result;
    }

    private void Expect(Expr expr, CelType type)
    {
        var found = Visit(expr);
        if (!_unifier.IsAssignable(type, found))
        {
            Report(expr, $"expected type '{_unifier.Resolve(type)}' but found '{_unifier.Resolve(found)}'");
        }
    }

    /// <summary>What is wrong is said once; it has any type from there on.</summary>
    private CelType Report(Expr expr, string message)
    {
        if (_issues.Count < MostIssues)
        {
            _issues.Add(new CelIssue(expr.Position, message));
        }

        return CelType.Dyn;
    }
}
