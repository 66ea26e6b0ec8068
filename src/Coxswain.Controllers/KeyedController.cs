using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Coxswain.Client.WorkQueues;
using Microsoft.Extensions.Logging;

namespace Coxswain.Controllers;

/// <summary>A controller of objects that a namespace and a name identify: a queue of those, fed by informers.</summary>
internal abstract class KeyedController : IController, IReconciler<NamespacedName>
{
    private readonly string _name;
    private readonly ControllerContext _context;
    private readonly int _workers;
    private bool _isSubscribed;

    protected KeyedController(string name, ControllerContext context, int workers = 4)
    {
        _name = name;
        _context = context;
        _workers = workers;
        Queue = new WorkQueue<NamespacedName>(context.Time, priorityOf: PriorityOf);
    }

    protected WorkQueue<NamespacedName> Queue { get; }

    /// <summary>The caches that must be filled before the first reconciliation.</summary>
    protected abstract IReadOnlyList<IInformer> Inputs { get; }

    /// <summary>Runs until cancelled. May be called again after it failed: it goes on with the keys it has.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var end = cancellationToken.UnsafeRegister(_ => Queue.Dispose(), null);
        if (!_isSubscribed)
        {
            Subscribe();
            _isSubscribed = true;
        }

        await Inputs.WaitForSyncAsync(_context.Time, cancellationToken);
        var host = new ReconcilerHost<NamespacedName>(_name, Queue, this, _workers, _context.LoggerFactory.CreateLogger(GetType()));
        await host.RunAsync(cancellationToken);
    }

    public abstract Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken);

    /// <summary>Keys of a higher number are worked on first.</summary>
    protected virtual int PriorityOf(NamespacedName key) => 0;

    /// <summary>Makes changes of the inputs add keys to the queue.</summary>
    protected abstract void Subscribe();
}
