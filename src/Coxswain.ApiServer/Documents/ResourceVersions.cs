using System.Globalization;
using Coxswain.Api.Errors;

namespace Coxswain.ApiServer.Documents;

/// <summary>Between the store's revision and the opaque string clients see.</summary>
internal static class ResourceVersions
{
    public static string Format(long revision) => revision.ToString(CultureInfo.InvariantCulture);

    /// <summary>Empty reads as null.</summary>
    /// <exception cref="KubeStatusException">The text is not a resourceVersion.</exception>
    public static long? Parse(string resourceVersion)
    {
        if (resourceVersion.Length == 0)
        {
            return null;
        }

        if (long.TryParse(resourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
        {
            return revision;
        }

        throw new KubeStatusException(Statuses.BadRequest($"Invalid value: \"{resourceVersion}\": strconv.ParseUint: parsing \"{resourceVersion}\": invalid syntax"));
    }

    /// <summary>The refusal of a version that does not exist yet.</summary>
    public static KubeStatusException TooLarge(long wanted, long newest) =>
        new(Statuses.ResourceVersionTooLarge(Format(wanted), Format(newest)));
}
