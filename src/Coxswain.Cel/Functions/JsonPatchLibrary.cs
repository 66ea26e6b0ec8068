using Coxswain.Cel.Types;

namespace Coxswain.Cel.Functions;

/// <summary>Help for expressions that make JSON patches.</summary>
internal static class JsonPatchLibrary
{
    public static void AddTo(FunctionTable table) => table.Function(
        "jsonpatch.escapeKey", [CelType.String], CelType.String,
        static arguments => ((string)arguments[0]).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal),
        Costs.FirstText);
}
