using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Microsoft.Extensions.Logging;

namespace Coxswain.Controllers;

/// <summary>What every controller is made from.</summary>
/// <param name="Clients">Each controller writes as its own account.</param>
/// <param name="Informers">All read from the same caches.</param>
internal sealed record ControllerContext(
    IKubeClientSource Clients, InformerFactory Informers, IKubeDiscovery Discovery, EventBroadcaster Events, TimeProvider Time,
    ILoggerFactory LoggerFactory)
{
    /// <inheritdoc cref="IKubeClientSource.ForAccount"/>
    public IKubeClient ClientFor(string account) => Clients.ForAccount(account);
}
