using System.Text;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary><c>/healthz</c>, <c>/livez</c> and <c>/readyz</c>: the last waits for every gate that composition names.</summary>
internal sealed class HealthChecks(IReadOnlyList<ReadinessGate> gates)
{
    private volatile bool _isStarted;

    public void Started() => _isStarted = true;

    /// <summary>Null when the path is not one of a health check.</summary>
    public Task? TryHandle(HttpContext context, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is 0 or > 2 || parts[0] is not ("healthz" or "livez" or "readyz"))
        {
            return null;
        }

        List<(string Name, bool IsGood)> checks = [("ping", true), ("poststarthook/bootstrap", _isStarted)];
        if (parts[0] == "readyz")
        {
            checks.AddRange(gates.Select(gate => (gate.Name, gate.IsReady())));
        }

        if (parts.Length == 2)
        {
            checks = checks.FindAll(check => check.Name == parts[1] || check.Name.EndsWith("/" + parts[1], StringComparison.Ordinal));
            if (checks.Count == 0)
            {
                return null;
            }
        }

        var isGood = checks.TrueForAll(check => check.IsGood);
        var verbose = context.Request.Query.ContainsKey("verbose") || !isGood;
        var text = verbose
            ? string.Concat(checks.Select(check => check.IsGood ? $"[+]{check.Name} ok\n" : $"[-]{check.Name} failed: not yet\n"))
                + $"{parts[0]} check {(isGood ? "passed" : "failed")}\n"
            : "ok";
        return HttpAnswer.WriteAsync(context, isGood ? 200 : 500, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));
    }
}

/// <summary>A part of the process that must be up before the server calls itself ready.</summary>
public sealed record ReadinessGate(string Name, Func<bool> IsReady);
