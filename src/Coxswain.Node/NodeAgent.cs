using Coxswain.Client;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Files;
using Coxswain.Node.Nodes;
using Coxswain.Node.Options;
using Coxswain.Node.Pods;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node;

/// <summary>
/// One node of a cluster: runs the pods bound to it and reports how they and the node are. When a part of it fails, all of it is
/// stopped, the Node is reported as not ready with the reason, and it begins again after a while.
/// </summary>
/// <param name="client">In the name of <c>system:node:</c> and the node's name, of the group <c>system:nodes</c>.</param>
/// <param name="traffic">What leads connections to pods; null where nothing has to be waited for.</param>
public sealed partial class NodeAgent(
    NodeAgentOptions options, IKubeClient client, IPodRuntime runtime, IMounts mounts, TimeProvider time, Random random,
    ILoggerFactory loggers, IPodTraffic? traffic = null)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private readonly ILogger _logger = loggers.CreateLogger<NodeAgent>();
    private volatile NodeRun? _run;

    /// <summary>The port of the node's endpoint while it runs; 0 when there is none.</summary>
    public int Port => _run?.Port ?? 0;

    /// <summary>Runs until cancelled. Pods go on running and are adopted by the next agent over the same directories.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.DataDirectory);
        if (options.ProtectFromOom)
        {
            OwnOomScore.Lower(_logger);
        }

        var delay = FirstDelay;
        while (!cancellationToken.IsCancellationRequested)
        {
            var begin = time.GetTimestamp();
            try
            {
                await RunOnceAsync(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                delay = time.GetElapsedTime(begin) > LongestDelay ? FirstDelay : delay;
                Log.Failed(_logger, exception, options.NodeName, delay);
                await NodeHealth.ReportFailureAsync(options.NodeName, exception.Message, client, time, _logger, cancellationToken);
                await Task.Delay(delay, time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>For the end of a cluster: removes every pod's containers, sandbox, mounts, files and logs. No agent may run.</summary>
    public static async Task DeleteAllAsync(NodeAgentOptions options, IPodRuntime runtime, IMounts mounts, CancellationToken cancellationToken)
    {
        var paths = new NodePaths(options.DataDirectory, options.PodLogsDirectory);
        var uids = (await runtime.ListPodSandboxAsync(cancellationToken)).Select(sandbox => sandbox.Config.Id)
            .Concat((await runtime.ListContainersAsync(cancellationToken)).Select(container => container.SandboxId))
            .Concat(Directory.Exists(paths.Pods) ? Directory.EnumerateDirectories(paths.Pods).Select(path => Path.GetFileName(path)) : [])
            .Where(uid => uid.Length > 0).ToHashSet(StringComparer.Ordinal);
        await Task.WhenAll(uids.Select(uid => runtime.RemovePodSandboxAsync(uid, cancellationToken)));
        foreach (var uid in uids)
        {
            VolumeTeardown.TearDown(uid, paths, mounts);
        }

        if (Directory.Exists(options.PodLogsDirectory))
        {
            foreach (var logs in Directory.EnumerateDirectories(options.PodLogsDirectory))
            {
                if (uids.Contains(logs[(logs.LastIndexOf('_') + 1)..]))
                {
                    PodRemoval.Remove(logs);
                }
            }
        }

        if (Directory.Exists(options.DataDirectory))
        {
            mounts.UnmountBelow(options.DataDirectory);
            PodRemoval.Remove(options.DataDirectory);
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var run = new NodeRun(options, client, runtime, mounts, time, random, loggers, traffic);
        _run = run;
        try
        {
            await run.RunAsync(cancellationToken);
        }
        finally
        {
            _run = null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A part of the agent of node {Name} failed; all of it begins again in {Delay}")]
        public static partial void Failed(ILogger logger, Exception exception, string name, TimeSpan delay);
    }
}
