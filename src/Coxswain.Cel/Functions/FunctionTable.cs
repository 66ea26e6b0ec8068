using Coxswain.Cel.Types;

namespace Coxswain.Cel.Functions;

/// <summary>The functions of an environment by name, filled by its libraries before it is used.</summary>
internal sealed class FunctionTable
{
    private readonly Dictionary<string, List<Overload>> _functions = new(StringComparer.Ordinal);

    private readonly Dictionary<string, CelType> _types = new(StringComparer.Ordinal);

    /// <summary>The types that expressions may name.</summary>
    public CelType? FindType(string name) => _types.GetValueOrDefault(name);

    public void Type(CelType type) => _types[type.Name] = type;

    public IReadOnlyList<Overload> Find(string name) => _functions.TryGetValue(name, out var found) ? found : [];

    public bool Has(string name) => _functions.ContainsKey(name);

    public void Function(string name, IReadOnlyList<CelType> parameters, CelType result, Func<object[], object> invoke, Func<object[], long>? cost = null) =>
        Add(name, new Overload(IsMember: false, parameters, result, invoke) { Cost = cost });

    public void Method(string name, IReadOnlyList<CelType> parameters, CelType result, Func<object[], object> invoke, Func<object[], long>? cost = null) =>
        Add(name, new Overload(IsMember: true, parameters, result, invoke) { Cost = cost });

    private void Add(string name, Overload overload)
    {
        if (!_functions.TryGetValue(name, out var overloads))
        {
            _functions.Add(name, overloads = []);
        }

        overloads.Add(overload);
    }
}
