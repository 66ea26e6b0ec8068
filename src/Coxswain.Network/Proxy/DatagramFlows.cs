using Coxswain.Linux;
using Coxswain.Linux.Conntrack;
using Microsoft.Extensions.Logging;

namespace Coxswain.Network.Proxy;

/// <summary>
/// Has the kernel forget where datagrams for a Service went before its endpoints changed: connection tracking would send
/// them there for as long as the client keeps talking.
/// </summary>
internal sealed partial class DatagramFlows(ConntrackTable? conntrack, ILogger logger)
{
    private const string Marker = " . udp . ";

    private bool _isToldOf;

    /// <param name="endpointsOf">What a front (<c>address . udp . port</c>) leads to now, as <c>address . port</c>.</param>
    /// <param name="fronts">The fronts that changed.</param>
    public void Forget(IReadOnlySet<string> fronts, Func<string, IReadOnlyCollection<string>> endpointsOf)
    {
        if (conntrack is null || fronts.Count == 0)
        {
            return;
        }

        try
        {
            conntrack.Forget([.. conntrack.ListUdp().Where(flow => IsStale(flow, fronts, endpointsOf))]);
        }
        catch (LinuxException exception)
        {
            if (!_isToldOf)
            {
                _isToldOf = true;
                Log.NotForgotten(logger, exception);
            }
        }
    }

    /// <summary>The fronts of datagrams among the elements of a change.</summary>
    public static IReadOnlySet<string> FrontsOf(RuleChanges changes) =>
        changes.Removed.Concat(changes.Added)
            .Where(element => element.Key.Contains(Marker, StringComparison.Ordinal) && RuleNames.IsEndpoints(element.Set))
            .Select(element => element.Key)
            .ToHashSet(StringComparer.Ordinal);

    private static bool IsStale(DatagramFlow flow, IReadOnlySet<string> fronts, Func<string, IReadOnlyCollection<string>> endpointsOf)
    {
        var front = $"{flow.Destination.Address}{Marker}{flow.Destination.Port}";
        return fronts.Contains(front) && !endpointsOf(front).Contains($"{flow.Answerer.Address} . {flow.Answerer.Port}");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Clients that keep sending datagrams may go on reaching endpoints that are gone, as connection tracking cannot be asked")]
        public static partial void NotForgotten(ILogger logger, Exception exception);
    }
}
