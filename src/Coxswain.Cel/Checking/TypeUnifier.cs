using Coxswain.Cel.Types;

namespace Coxswain.Cel.Checking;

/// <summary>Finds out what the type parameters of signatures stand for, as the checker meets values of them.</summary>
internal sealed class TypeUnifier
{
    /// <summary>How deep types are looked into; object types refer to themselves by name.</summary>
    private const int MaxDepth = 64;

    private readonly Dictionary<string, CelType> _known = new(StringComparer.Ordinal);
    private readonly List<string> _found = [];
    private int _fresh;

    /// <summary>A parameter that nothing is known of.</summary>
    public CelType Fresh() => CelType.Parameter($"_{_fresh++}");

    /// <summary>A signature's types with parameters of their own.</summary>
    public CelType Instantiate(CelType type, Dictionary<string, CelType> parameters)
    {
        if (type.Kind == CelKind.Parameter)
        {
            if (!parameters.TryGetValue(type.Name, out var fresh))
            {
                parameters.Add(type.Name, fresh = Fresh());
            }

            return fresh;
        }

        return With(type, parameter => Instantiate(parameter, parameters));
    }

    /// <summary>Whether values of all these types can be given for those; what was found out on the way counts only if they can.</summary>
    public bool AreAssignable(IReadOnlyList<CelType> to, IReadOnlyList<CelType> from)
    {
        var before = _found.Count;
        for (var i = 0; i < to.Count; i++)
        {
            if (!IsAssignable(to[i], from[i], 0))
            {
                foreach (var name in _found.Skip(before))
                {
                    _known.Remove(name);
                }

                _found.RemoveRange(before, _found.Count - before);
                return false;
            }
        }

        return true;
    }

    public bool IsAssignable(CelType to, CelType from) => AreAssignable([to], [from]);

    /// <summary>The type with all that is known put in; what is not known may be anything.</summary>
    public CelType Resolve(CelType type, bool unknownIsDyn = false)
    {
        if (type.Kind == CelKind.Parameter)
        {
            return _known.TryGetValue(type.Name, out var known) ? Resolve(known, unknownIsDyn) : unknownIsDyn ? CelType.Dyn : type;
        }

        return With(type, parameter => Resolve(parameter, unknownIsDyn));
    }

    /// <summary>One type for both, or null when there is only dyn.</summary>
    public CelType? Join(CelType left, CelType right) => IsAssignable(left, right) ? MostGeneral(left, right) : IsAssignable(right, left) ? right : null;

    private CelType MostGeneral(CelType left, CelType right)
    {
        (left, right) = (Shallow(left), Shallow(right));
        if (right.Kind == CelKind.Dyn || left.Parameters.Count == 0 || left.Parameters.Count != right.Parameters.Count)
        {
            return right.Kind == CelKind.Dyn ? right : left;
        }

        var next = 0;
        return With(left, parameter => MostGeneral(parameter, right.Parameters[next++]));
    }

    private bool IsAssignable(CelType to, CelType from, int depth)
    {
        if (depth > MaxDepth)
        {
            return false;
        }

        (to, from) = (Shallow(to), Shallow(from));
        if (ReferenceEquals(to, from))
        {
            return true;
        }

        if (to.Kind == CelKind.Parameter)
        {
            return Bind(to, from);
        }

        if (from.Kind == CelKind.Parameter)
        {
            return Bind(from, to);
        }

        if (to.Kind == CelKind.Dyn || from.Kind == CelKind.Dyn)
        {
            return true;
        }

        // Null stands for a value of every type that is looked at through a reference.
        if (from.Kind == CelKind.Null && to.Kind is CelKind.Null or CelKind.Object or CelKind.Duration or CelKind.Timestamp or CelKind.Opaque)
        {
            return true;
        }

        // An object is a map to what takes any map.
        if (to.Kind == CelKind.Map && from.Kind == CelKind.Object)
        {
            return IsAssignable(to.Parameters[0], CelType.String, depth + 1) && IsAssignable(to.Parameters[1], CelType.Dyn, depth + 1);
        }

        if (to.Kind == CelKind.Type && from.Kind == CelKind.Type)
        {
            return true;
        }

        if (to.Kind != from.Kind || to.Name != from.Name || to.Parameters.Count != from.Parameters.Count)
        {
            return false;
        }

        for (var i = 0; i < to.Parameters.Count; i++)
        {
            if (!IsAssignable(to.Parameters[i], from.Parameters[i], depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    private bool Bind(CelType parameter, CelType type)
    {
        if (Occurs(parameter, type))
        {
            return false;
        }

        _known[parameter.Name] = type;
        _found.Add(parameter.Name);
        return true;
    }

    private bool Occurs(CelType parameter, CelType type)
    {
        type = Shallow(type);
        return type.Kind == CelKind.Parameter ? type.Name == parameter.Name : type.Parameters.Any(inner => Occurs(parameter, inner));
    }

    private CelType Shallow(CelType type)
    {
        while (type.Kind == CelKind.Parameter && _known.TryGetValue(type.Name, out var known))
        {
            type = known;
        }

        return type;
    }

    private static CelType With(CelType type, Func<CelType, CelType> change) => type.Parameters.Count == 0 ? type : type.Kind switch
    {
        CelKind.List => CelType.List(change(type.Parameters[0])),
        CelKind.Map => CelType.Map(change(type.Parameters[0]), change(type.Parameters[1])),
        CelKind.Type => CelType.Type(change(type.Parameters[0])),
        _ => CelType.Optional(change(type.Parameters[0])),
    };
}
