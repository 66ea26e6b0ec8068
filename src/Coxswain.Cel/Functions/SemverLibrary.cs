using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Kubernetes' functions of versions.</summary>
internal static class SemverLibrary
{
    private static readonly CelType Semver = CelSemver.SemverType;

    public static void AddTo(FunctionTable table)
    {
        table.Type(Semver);
        var text = CelType.String;
        table.Function("semver", [text], Semver, static arguments => Parse(arguments, isLax: false), Costs.FirstText);
        table.Function("semver", [text, CelType.Bool], Semver, static arguments => Parse(arguments, (bool)arguments[1]), Costs.FirstText);
        table.Function("isSemver", [text], CelType.Bool, static arguments => Parse(arguments, isLax: false) is CelSemver, Costs.FirstText);
        table.Function("isSemver", [text, CelType.Bool], CelType.Bool, static arguments => Parse(arguments, (bool)arguments[1]) is CelSemver, Costs.FirstText);
        table.Method("major", [Semver], CelType.Int, static arguments => (long)Of(arguments, 0).Major);
        table.Method("minor", [Semver], CelType.Int, static arguments => (long)Of(arguments, 0).Minor);
        table.Method("patch", [Semver], CelType.Int, static arguments => (long)Of(arguments, 0).Patch);
        table.Method("compareTo", [Semver, Semver], CelType.Int, static arguments => (long)Math.Sign(Of(arguments, 0).CompareTo(Of(arguments, 1))));
        table.Method("isGreaterThan", [Semver, Semver], CelType.Bool, static arguments => Of(arguments, 0).CompareTo(Of(arguments, 1)) > 0);
        table.Method("isLessThan", [Semver, Semver], CelType.Bool, static arguments => Of(arguments, 0).CompareTo(Of(arguments, 1)) < 0);
    }

    private static object Parse(object[] arguments, bool isLax) => CelSemver.Parse((string)arguments[0], isLax) ?? (object)new CelError($"invalid semver: {arguments[0]}");

    private static CelSemver Of(object[] arguments, int index) => (CelSemver)arguments[index];
}
