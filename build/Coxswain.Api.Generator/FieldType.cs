namespace Coxswain.Api.Generator;

/// <summary>What a field is in C#: its type, how it is read and written, and when it counts as absent.</summary>
internal abstract record FieldType(string CSharp)
{
    /// <summary>The value of a field nobody set.</summary>
    public virtual string Default => "default";

    /// <summary>An expression that reads the value the reader stands on.</summary>
    public abstract string Read { get; }

    /// <summary>A statement that writes <paramref name="value"/>.</summary>
    public abstract string Write(string value);

    public abstract string IsEmpty(string value);

    public virtual string AreEqual(string left, string right) => $"{left} == {right}";

    public static FieldType Of(ApiModel model, ApiFile file, string type, bool pointer)
    {
        var resolved = Resolve(model, file, type);
        return pointer && resolved is Scalar or Struct ? new Pointer(resolved) : resolved;
    }

    private static FieldType Resolve(ApiModel model, ApiFile file, string type)
    {
        if (type.StartsWith("[]", StringComparison.Ordinal))
        {
            return new List(Resolve(model, file, type[2..]));
        }

        if (type.StartsWith("map[", StringComparison.Ordinal))
        {
            return new Map(Resolve(model, file, type[(type.IndexOf(']', StringComparison.Ordinal) + 1)..]));
        }

        if (Scalar.Known.TryGetValue(type, out var scalar))
        {
            return scalar;
        }

        var (found, name, facts) = model.Find(file, type) ?? throw new InvalidDataException($"{file.Folder}: unknown type {type}");
        if (facts.Alias is { } alias)
        {
            return Resolve(model, found, alias);
        }

        return Scalar.Opaque.Contains(name) ? Scalar.Known["RawExtension"]
            : Scalar.Known.TryGetValue(name, out var wellKnown) ? wellKnown
            : new Struct($"global::{found.Namespace}.{name}");
    }

    /// <param name="Nullable">The C# type is already nullable: a pointer to it is the same.</param>
    internal sealed record Scalar(string CSharp, string ReadExpression, string WriteFormat, string EmptyFormat, bool Nullable)
        : FieldType(CSharp)
    {
        public static readonly Dictionary<string, Scalar> Known = new(StringComparer.Ordinal)
        {
            ["string"] = new("string", "KubeJson.ReadString(ref reader)", "writer.WriteStringValue({0})", "{0}.Length == 0", false),
            ["bool"] = new("bool", "KubeJson.ReadBoolean(ref reader)", "writer.WriteBooleanValue({0})", "!{0}", false),
            ["int32"] = new("int", "KubeJson.ReadInt32(ref reader)", "writer.WriteNumberValue({0})", "{0} == 0", false),
            ["int64"] = new("long", "KubeJson.ReadInt64(ref reader)", "writer.WriteNumberValue({0})", "{0} == 0", false),
            ["float64"] = new("double", "KubeJson.ReadDouble(ref reader)", "writer.WriteNumberValue({0})", "{0} == 0", false),
            ["bytes"] = new("ReadOnlyMemory<byte>", "KubeJson.ReadBytes(ref reader)", "writer.WriteBase64StringValue({0}.Span)", "{0}.IsEmpty", false),
            ["Quantity"] = new("Quantity", "KubeJson.ReadQuantity(ref reader)", "KubeJson.Write(writer, {0})", "{0}.IsZero", false),
            ["IntOrString"] = new("IntOrString", "KubeJson.ReadIntOrString(ref reader)", "KubeJson.Write(writer, {0})", "{0}.IsEmpty", false),
            ["Time"] = new("DateTimeOffset?", "KubeJson.ReadTime(ref reader)", "KubeJson.WriteTime(writer, {0})", "{0} is null", true),
            ["MicroTime"] = new("DateTimeOffset?", "KubeJson.ReadTime(ref reader)", "KubeJson.WriteMicroTime(writer, {0})", "{0} is null", true),
            ["Duration"] = new("TimeSpan?", "KubeJson.ReadDuration(ref reader)", "KubeJson.WriteDuration(writer, {0})", "{0} is null", true),
            ["RawExtension"] = new("JsonElement?", "KubeJson.ReadElement(ref reader)", "KubeJson.Write(writer, {0})", "{0} is null", true),
            ["any"] = new("JsonElement?", "KubeJson.ReadElement(ref reader)", "KubeJson.Write(writer, {0})", "{0} is null", true),
        };

        /// <summary>Types whose JSON is not an object of their fields; kept as they came.</summary>
        public static readonly HashSet<string> Opaque = new(StringComparer.Ordinal)
        {
            "JSON", "FieldsV1", "Patch", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray",
        };

        public override string Default => CSharp == "string" ? "\"\"" : "default";

        public override string Read => ReadExpression;

        public override string Write(string value) => string.Format(null, WriteFormat, value) + ";";

        public override string IsEmpty(string value) => string.Format(null, EmptyFormat, value);

        public override string AreEqual(string left, string right) =>
            CSharp is "ReadOnlyMemory<byte>" or "JsonElement?" ? $"KubeEquality.Equal({left}, {right})" : base.AreEqual(left, right);
    }

    internal sealed record Struct(string CSharp) : FieldType(CSharp)
    {
        public override string Default => $"{CSharp}.Empty";

        public override string Read => $"{CSharp}.Read(ref reader)";

        public override string Write(string value) => $"{value}.Write(writer);";

        public override string IsEmpty(string value) => $"ReferenceEquals({value}, {CSharp}.Empty)";
    }

    internal sealed record Pointer(FieldType Target) : FieldType(Target is Scalar { Nullable: true } ? Target.CSharp : Target.CSharp + "?")
    {
        private string Value => Target is Scalar { Nullable: false, CSharp: not "string" } ? ".Value" : "";

        public override string Read => $"KubeJson.IsNull(ref reader) ? default({CSharp}) : {Target.Read}";

        public override string Write(string value) => Target.Write(value + Value);

        public override string IsEmpty(string value) => $"{value} is null";

        public override string AreEqual(string left, string right) =>
            Target is Scalar { CSharp: "ReadOnlyMemory<byte>" } ? $"KubeEquality.Equal({left} ?? default, {right} ?? default)"
            : Target is Scalar { CSharp: "JsonElement?" } ? Target.AreEqual(left, right)
            : base.AreEqual(left, right);
    }

    internal sealed record List(FieldType Item) : FieldType($"IReadOnlyList<{Item.CSharp}>")
    {
        public override string Default => "[]";

        public override string Read => $"KubeJson.ReadList(ref reader, static (ref reader) => {Item.Read})";

        public override string Write(string value) =>
            $"KubeJson.WriteList(writer, {value}, static (writer, value) => {Item.Write("value").TrimEnd(';')});";

        public override string IsEmpty(string value) => $"{value}.Count == 0";

        public override string AreEqual(string left, string right) =>
            $"KubeEquality.Equal({left}, {right}, static (left, right) => {Item.AreEqual("left", "right")})";
    }

    internal sealed record Map(FieldType Item) : FieldType($"IReadOnlyDictionary<string, {Item.CSharp}>")
    {
        public override string Default => $"System.Collections.ObjectModel.ReadOnlyDictionary<string, {Item.CSharp}>.Empty";

        public override string Read => $"KubeJson.ReadMap(ref reader, static (ref reader) => {Item.Read})";

        public override string Write(string value) =>
            $"KubeJson.WriteMap(writer, {value}, static (writer, value) => {Item.Write("value").TrimEnd(';')});";

        public override string IsEmpty(string value) => $"{value}.Count == 0";

        public override string AreEqual(string left, string right) =>
            $"KubeEquality.Equal({left}, {right}, static (left, right) => {Item.AreEqual("left", "right")})";
    }
}
