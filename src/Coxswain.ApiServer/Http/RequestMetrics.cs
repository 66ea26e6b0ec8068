using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Coxswain.ApiServer.FlowControl;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Counts requests for <c>/metrics</c>, under the names Kubernetes gives them.</summary>
internal sealed class RequestMetrics(FlowController flows, TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Method, int Code), Counter> _counters = new();
    private long _inFlight;

    public long Start()
    {
        Interlocked.Increment(ref _inFlight);
        return time.GetTimestamp();
    }

    public void Finish(HttpContext context, long start)
    {
        Interlocked.Decrement(ref _inFlight);
        var counter = _counters.GetOrAdd((NameOf(context.Request.Method), context.Response.StatusCode), static _ => new Counter());
        Interlocked.Increment(ref counter.Count);
        Interlocked.Add(ref counter.Ticks, time.GetElapsedTime(start).Ticks);
    }

    public string Text()
    {
        var text = new StringBuilder();
        text.Append("# HELP apiserver_request_total Counter of apiserver requests broken out for each verb and HTTP response code.\n");
        text.Append("# TYPE apiserver_request_total counter\n");
        var counters = _counters.OrderBy(counter => counter.Key.Method, StringComparer.Ordinal).ThenBy(counter => counter.Key.Code).ToList();
        foreach (var ((method, code), counter) in counters)
        {
            text.Append(CultureInfo.InvariantCulture, $"apiserver_request_total{{code=\"{code}\",verb=\"{method}\"}} {Interlocked.Read(ref counter.Count)}\n");
        }

        text.Append("# TYPE apiserver_request_duration_seconds_sum counter\n");
        foreach (var ((method, code), counter) in counters)
        {
            var seconds = TimeSpan.FromTicks(Interlocked.Read(ref counter.Ticks)).TotalSeconds;
            text.Append(CultureInfo.InvariantCulture, $"apiserver_request_duration_seconds_sum{{code=\"{code}\",verb=\"{method}\"}} {seconds}\n");
        }

        text.Append("# TYPE apiserver_current_inflight_requests gauge\n");
        text.Append(CultureInfo.InvariantCulture, $"apiserver_current_inflight_requests {Interlocked.Read(ref _inFlight)}\n");
        text.Append("# TYPE process_resident_memory_bytes gauge\n");
        text.Append(CultureInfo.InvariantCulture, $"process_resident_memory_bytes {Environment.WorkingSet}\n");
        text.Append("# TYPE process_cpu_seconds_total counter\n");
        text.Append(CultureInfo.InvariantCulture, $"process_cpu_seconds_total {Environment.CpuUsage.TotalTime.TotalSeconds}\n");
        return text.Append(flows.Text()).ToString();
    }

    /// <summary>A client may send any word as its method; only those that mean something are counted apart.</summary>
    private static string NameOf(string method) =>
        method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" or "CONNECT" ? method : "other";

    private sealed class Counter
    {
        public long Count;
        public long Ticks;
    }
}
