using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Coxswain.ApiServer.FlowControl;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Counts requests for <c>/metrics</c>, under the names and labels Kubernetes gives them, by which dashboards and alerts find them.</summary>
internal sealed class RequestMetrics(FlowController flows, TimeProvider time)
{
    /// <summary>More series are counted as one: labels come from paths, and what is served may change without end.</summary>
    private const int MostSeries = 10_000;

    private static readonly RequestLabels Rest = new("other", "", "", "", "", "");

    private readonly ConcurrentDictionary<(RequestLabels Labels, int Code), Counter> _counters = new();
    private readonly ConcurrentDictionary<RequestLabels, DurationSeries> _durations = new();
    private long _reading;
    private long _writing;

    public long Start(bool writes)
    {
        Interlocked.Increment(ref writes ? ref _writing : ref _reading);
        return time.GetTimestamp();
    }

    public void Finish(HttpContext context, in RequestLabels labels, long start, bool writes)
    {
        Interlocked.Decrement(ref writes ? ref _writing : ref _reading);
        var counted = _durations.ContainsKey(labels) || _counters.Count < MostSeries ? labels : Rest;
        Interlocked.Increment(ref _counters.GetOrAdd((counted, context.Response.StatusCode), static _ => new Counter()).Count);
        _durations.GetOrAdd(counted, static _ => new DurationSeries()).Add(time.GetElapsedTime(start));
    }

    public string Text()
    {
        var text = new StringBuilder();
        text.Append("# HELP apiserver_request_total Requests by verb, resource and code of the answer.\n# TYPE apiserver_request_total counter\n");
        foreach (var ((labels, code), counter) in _counters.OrderBy(counter => counter.Key.Labels.ToString(), StringComparer.Ordinal).ThenBy(counter => counter.Key.Code))
        {
            text.Append(CultureInfo.InvariantCulture, $"apiserver_request_total{{code=\"{code}\",{labels}}} {Interlocked.Read(ref counter.Count)}\n");
        }

        text.Append("# HELP apiserver_request_duration_seconds How long requests took; watches last as long as they are wanted.\n");
        text.Append("# TYPE apiserver_request_duration_seconds histogram\n");
        foreach (var (labels, series) in _durations.OrderBy(series => series.Key.ToString(), StringComparer.Ordinal))
        {
            series.Write(text, "apiserver_request_duration_seconds", labels.ToString());
        }

        text.Append("# TYPE apiserver_current_inflight_requests gauge\n");
        text.Append(CultureInfo.InvariantCulture, $"apiserver_current_inflight_requests{{request_kind=\"readOnly\"}} {Interlocked.Read(ref _reading)}\n");
        text.Append(CultureInfo.InvariantCulture, $"apiserver_current_inflight_requests{{request_kind=\"mutating\"}} {Interlocked.Read(ref _writing)}\n");
        Gauge("process_resident_memory_bytes", Environment.WorkingSet);
        Counted("process_cpu_seconds_total", Environment.CpuUsage.TotalTime.TotalSeconds);
        return text.Append(flows.Text()).ToString();

        void Gauge(string name, double value) => text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} gauge\n{name} {value}\n");

        void Counted(string name, double value) => text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} counter\n{name} {value}\n");
    }

    private sealed class Counter
    {
        public long Count;
    }
}
