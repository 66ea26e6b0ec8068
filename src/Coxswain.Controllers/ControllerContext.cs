using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Microsoft.Extensions.Logging;

namespace Coxswain.Controllers;

/// <summary>What every controller is made from.</summary>
internal sealed record ControllerContext(
    IKubeClient Client, InformerFactory Informers, EventBroadcaster Events, TimeProvider Time, ILoggerFactory LoggerFactory);
