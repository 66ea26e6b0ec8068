using Coxswain.Cel.Types;

namespace Coxswain.ApiServer.Admission.Expressions;

/// <summary>The types that mutating expressions make: <c>Object</c> with everything inside it by its path, and <c>JSONPatch</c>.</summary>
internal static class MutationTypes
{
    public const string ObjectName = "Object";
    public const string PatchName = "JSONPatch";

    private static readonly Dictionary<string, CelType> PatchFields = new(StringComparer.Ordinal)
    {
        ["op"] = CelType.String, ["path"] = CelType.String, ["from"] = CelType.String, ["value"] = CelType.Dyn,
    };

    public static readonly CelType Patch = CelType.Object(PatchName, () => PatchFields);

    public static readonly CelType Object = CelType.Object(ObjectName, () => System.Collections.ObjectModel.ReadOnlyDictionary<string, CelType>.Empty);

    public static CelStructType? Find(string name) => name == PatchName ? new CelStructType(Patch, field => PatchFields.GetValueOrDefault(field))
        : name == ObjectName ? new CelStructType(Object, static _ => CelType.Dyn)
        : name.StartsWith(ObjectName + ".", StringComparison.Ordinal)
            ? new CelStructType(CelType.Object(name, () => System.Collections.ObjectModel.ReadOnlyDictionary<string, CelType>.Empty), static _ => CelType.Dyn)
            : null;
}
