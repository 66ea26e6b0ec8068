using System.Globalization;
using System.Text.RegularExpressions;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>A version as https://semver.org has it; what is built is no part of its order.</summary>
internal sealed partial record CelSemver(ulong Major, ulong Minor, ulong Patch, string PreRelease) : CelOpaque, IComparable<CelSemver>
{
    public static readonly CelType SemverType = CelType.Opaque("kubernetes.Semver");

    private const int MaxLength = 256;

    public override CelType Type => SemverType;

    /// <param name="isLax">Allow a leading v, missing parts and leading zeros.</param>
    public static CelSemver? Parse(string text, bool isLax)
    {
        if (text.Length > MaxLength)
        {
            return null;
        }

        var match = (isLax ? Lax() : Strict()).Match(text);
        return match.Success && Number(match.Groups["major"]) is { } major && Number(match.Groups["minor"]) is { } minor && Number(match.Groups["patch"]) is { } patch
            ? new CelSemver(major, minor, patch, match.Groups["pre"].Value) : null;
    }

    public int CompareTo(CelSemver? other)
    {
        if (other is null)
        {
            return 1;
        }

        var order = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        if (order != 0 || PreRelease == other.PreRelease)
        {
            return order;
        }

        if (PreRelease.Length == 0 || other.PreRelease.Length == 0)
        {
            return PreRelease.Length == 0 ? 1 : -1;
        }

        var (left, right) = (PreRelease.Split('.'), other.PreRelease.Split('.'));
        for (var i = 0; i < left.Length && i < right.Length; i++)
        {
            order = ComparePart(left[i], right[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static int ComparePart(string left, string right)
    {
        var (isNumber, isOtherNumber) = (ulong.TryParse(left, NumberStyles.None, CultureInfo.InvariantCulture, out var a), ulong.TryParse(right, NumberStyles.None, CultureInfo.InvariantCulture, out var b));
        return isNumber && isOtherNumber ? a.CompareTo(b) : isNumber ? -1 : isOtherNumber ? 1 : string.CompareOrdinal(left, right);
    }

    private static ulong? Number(Group group) => !group.Success || group.Length == 0 ? 0
        : ulong.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"\A(?<major>0|[1-9]\d*)\.(?<minor>0|[1-9]\d*)\.(?<patch>0|[1-9]\d*)(-(?<pre>(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Strict();

    [GeneratedRegex(@"\A\s*v?(?<major>\d+)(\.(?<minor>\d+)(\.(?<patch>\d+))?)?(-(?<pre>[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?\s*\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Lax();
}
