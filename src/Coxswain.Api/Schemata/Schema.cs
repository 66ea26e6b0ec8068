namespace Coxswain.Api.Schemata;

/// <summary>
/// One node of a type: a scalar, a struct with its fields, a list or a map. Built-in types come from
/// <see cref="Schemas"/>, custom ones from <see cref="StructuralSchema"/>; both are made of the same nodes.
/// Immutable; a struct's fields are resolved when first asked for, because types refer to themselves.
/// </summary>
public sealed class Schema
{
    private readonly Lazy<FieldTable>? _fields;

    private Schema(SchemaType type, string typeName)
    {
        Type = type;
        TypeName = typeName;
    }

    private Schema(string typeName, Func<IReadOnlyList<SchemaField>> fields)
        : this(SchemaType.Struct, typeName) => _fields = new(() => new FieldTable(fields()));

    private Schema(Schema other)
        : this(other.Type, other.TypeName)
    {
        _fields = other._fields;
        Item = other.Item;
        ListType = other.ListType;
        ListMapKeys = other.ListMapKeys;
        PatchStrategy = other.PatchStrategy;
        PatchMergeKey = other.PatchMergeKey;
        Enum = other.Enum;
        Atomic = other.Atomic;
        PreserveUnknownFields = other.PreserveUnknownFields;
    }

    public SchemaType Type { get; }

    /// <summary>
    /// The type's name in the facts (<c>core/v1.PodSpec</c>, <c>core/v1.PullPolicy</c>, <c>string</c>).
    /// </summary>
    public string TypeName { get; }

    /// <summary>The name Go's decoder gives the type (<c>v1.PodSpec</c>, <c>[]v1.Container</c>).</summary>
    public string GoType => Type switch
    {
        SchemaType.List => "[]" + Item!.GoType,
        SchemaType.Map => "map[string]" + Item!.GoType,
        SchemaType.Bytes => "[]uint8",
        SchemaType.Double when !TypeName.Contains('/') => "float64",
        _ => TypeName[(TypeName.IndexOf('/') + 1)..],
    };

    /// <summary>The fields of a struct, inlined types in place; empty for anything else.</summary>
    public IReadOnlyList<SchemaField> Fields => _fields?.Value.All ?? [];

    /// <summary>The items of a list, the values of a map.</summary>
    public Schema? Item { get; private init; }

    public ListType ListType { get; private init; }

    /// <summary>The fields that name an item of a <see cref="ListType.Map"/> list.</summary>
    public IReadOnlyList<string> ListMapKeys { get; private init; } = [];

    /// <summary>What a strategic merge patch does to the list.</summary>
    public PatchStrategy PatchStrategy { get; private init; }

    /// <summary>The field that names an item in a strategic merge; null when items are compared whole.</summary>
    public string? PatchMergeKey { get; private init; }

    /// <summary>The known values of a string; empty when any is allowed.</summary>
    public IReadOnlyList<string> Enum { get; private init; } = [];

    /// <summary>A map or struct that server-side apply treats as one value.</summary>
    public bool Atomic { get; private init; }

    /// <summary>
    /// A struct that keeps fields it does not name (a CRD's <c>x-kubernetes-preserve-unknown-fields</c>).
    /// </summary>
    public bool PreserveUnknownFields { get; private init; }

    /// <summary>Null is a value here; elsewhere it is an absent one.</summary>
    public bool Nullable { get; private init; }

    /// <summary>
    /// A struct that is an object of the API with an <c>apiVersion</c>, a <c>kind</c> and ObjectMeta of its own.
    /// </summary>
    public bool EmbeddedResource { get; private init; }

    /// <summary>What values must keep beyond their type; null when that is nothing.</summary>
    public SchemaConstraints? Constraints { get; private init; }

    /// <summary>
    /// Made by data rather than a C# type. JSON of another type is kept by the decoder for validation to report, as
    /// Kubernetes reads custom resources before it looks at their types.
    /// </summary>
    public bool IsStructural { get; private init; }

    /// <summary>Part of an allOf, anyOf, oneOf or not: other types pass.</summary>
    internal bool IsAlternative { get; private init; }

    public bool IsScalar => Type < SchemaType.Raw;

    /// <summary>What defaulting does to values of this type, worked out once.</summary>
    internal ISchemaPlan? Plan { get; set; }

    public static Schema Scalar(SchemaType type, string typeName, IReadOnlyList<string>? values = null) =>
        new(type, typeName) { Enum = values ?? [] };

    /// <param name="fields">Called once, when a field is first asked for.</param>
    public static Schema Struct(
        string typeName, Func<IReadOnlyList<SchemaField>> fields, bool atomic = false,
            bool preserveUnknownFields = false) =>
        new(typeName, fields) { Atomic = atomic, PreserveUnknownFields = preserveUnknownFields };

    public static Schema List(
        Schema item, ListType listType = ListType.Atomic, IReadOnlyList<string>? mapKeys = null,
        PatchStrategy patchStrategy = PatchStrategy.Replace, string? patchMergeKey = null, string? typeName = null) =>
        new(SchemaType.List, typeName ?? "[]" + item.TypeName)
        {
            Item = item,
            ListType = listType,
            ListMapKeys = mapKeys ?? [],
            PatchStrategy = patchStrategy,
            PatchMergeKey = patchMergeKey,
        };

    public static Schema Map(Schema item, bool atomic = false) =>
        new(SchemaType.Map, "map[string]" + item.TypeName) { Item = item, Atomic = atomic };

    /// <summary>The same node as part of a structural schema, with constraints.</summary>
    internal Schema Constrain(SchemaConstraints? constraints, bool nullable, bool embeddedResource,
        bool isAlternative) => new(this)
    {
        Constraints = constraints,
        Nullable = nullable,
        EmbeddedResource = embeddedResource,
        IsStructural = true,
        IsAlternative = isAlternative,
    };

    /// <summary>The field of a struct; null when there is none of this name.</summary>
    public SchemaField? Field(string name)
    {
        foreach (var field in Fields)
        {
            if (field.Name == name)
            {
                return field;
            }
        }

        return null;
    }

    public SchemaField? Field(ReadOnlySpan<byte> utf8Name) => _fields?.Value.Find(utf8Name);

    public override string ToString() => TypeName;

    /// <summary>The fields by the length of their names: a lookup compares one or two candidates.</summary>
    private sealed class FieldTable
    {
        private readonly SchemaField[][] _byLength;

        public FieldTable(IReadOnlyList<SchemaField> fields)
        {
            All = fields;
            var longest = fields.Count == 0 ? 0 : fields.Max(field => field.Utf8Name.Length);
            _byLength = new SchemaField[longest + 1][];
            for (var length = 0; length <= longest; length++)
            {
                _byLength[length] = [.. fields.Where(field => field.Utf8Name.Length == length)];
            }
        }

        public IReadOnlyList<SchemaField> All { get; }

        public SchemaField? Find(ReadOnlySpan<byte> utf8Name)
        {
            if (utf8Name.Length < _byLength.Length)
            {
                foreach (var field in _byLength[utf8Name.Length])
                {
                    if (utf8Name.SequenceEqual(field.Utf8Name))
                    {
                        return field;
                    }
                }
            }

            return null;
        }
    }
}
