namespace Coxswain.Cel.Values;

/// <summary>A value that an expression made of a named type; to functions it is a map of the fields that were set.</summary>
public sealed class CelStruct(string typeName, IReadOnlyDictionary<string, object> fields) : CelMap
{
    public string TypeName { get; } = typeName;

    public override int Count => fields.Count;

    public override IEnumerable<object> Keys => fields.Keys;

    public override object? Find(object key) => key is string name ? fields.GetValueOrDefault(name) : null;
}
