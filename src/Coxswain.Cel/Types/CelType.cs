namespace Coxswain.Cel.Types;

/// <summary>A type of the language. Immutable; object types may refer to themselves.</summary>
public sealed class CelType
{
    public static readonly CelType Dyn = new(CelKind.Dyn, "dyn");
    public static readonly CelType Null = new(CelKind.Null, "null_type");
    public static readonly CelType Bool = new(CelKind.Bool, "bool");
    public static readonly CelType Int = new(CelKind.Int, "int");
    public static readonly CelType Uint = new(CelKind.Uint, "uint");
    public static readonly CelType Double = new(CelKind.Double, "double");
    public static readonly CelType String = new(CelKind.String, "string");
    public static readonly CelType Bytes = new(CelKind.Bytes, "bytes");
    public static readonly CelType Duration = new(CelKind.Duration, "google.protobuf.Duration");
    public static readonly CelType Timestamp = new(CelKind.Timestamp, "google.protobuf.Timestamp");

    private readonly Lazy<IReadOnlyDictionary<string, CelType>>? _fields;

    private CelType(CelKind kind, string name, params IReadOnlyList<CelType> parameters)
    {
        Kind = kind;
        Name = name;
        Parameters = parameters;
    }

    private CelType(string name, Func<IReadOnlyDictionary<string, CelType>> fields)
        : this(CelKind.Object, name) => _fields = new(fields);

    public CelKind Kind { get; }

    /// <summary>What <c>type()</c> compares: <c>list</c> for a list of anything.</summary>
    public string Name { get; }

    public IReadOnlyList<CelType> Parameters { get; }

    /// <summary>The fields of an object.</summary>
    public IReadOnlyDictionary<string, CelType> Fields => _fields?.Value ?? System.Collections.ObjectModel.ReadOnlyDictionary<string, CelType>.Empty;

    public static CelType List(CelType item) => new(CelKind.List, "list", item);

    public static CelType Map(CelType key, CelType value) => new(CelKind.Map, "map", key, value);

    public static CelType Type(CelType of) => new(CelKind.Type, "type", of);

    public static CelType Optional(CelType of) => new(CelKind.Opaque, "optional_type", of);

    public static CelType Opaque(string name) => new(CelKind.Opaque, name);

    /// <summary>Stands for one type throughout a signature.</summary>
    public static CelType Parameter(string name) => new(CelKind.Parameter, name);

    /// <param name="fields">Asked once, when a field is first looked for.</param>
    public static CelType Object(string name, Func<IReadOnlyDictionary<string, CelType>> fields) => new(name, fields);

    /// <summary>As messages of cel-go show it.</summary>
    public override string ToString() => Kind switch
    {
        CelKind.Null => "null",
        CelKind.Duration => "duration",
        CelKind.Timestamp => "timestamp",
        _ => Parameters.Count == 0 ? Name : $"{Name}({string.Join(", ", Parameters)})",
    };
}
