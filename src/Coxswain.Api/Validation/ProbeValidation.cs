using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for probes and for what runs at a container's start and stop.</summary>
internal static class ProbeValidation
{
    public static void Check(FieldErrors errors, Container container, string path, bool isInit)
    {
        if (isInit && container.RestartPolicy != "Always")
        {
            // Only a sidecar lives long enough to be probed.
            Forbid("livenessProbe", container.LivenessProbe);
            Forbid("readinessProbe", container.ReadinessProbe);
            Forbid("startupProbe", container.StartupProbe);
            Forbid("lifecycle", container.Lifecycle);
            return;
        }

        Probe(errors, container.LivenessProbe, path + ".livenessProbe", onlyOneSuccess: true);
        Probe(errors, container.StartupProbe, path + ".startupProbe", onlyOneSuccess: true);
        Probe(errors, container.ReadinessProbe, path + ".readinessProbe", onlyOneSuccess: false);
        if (container.ReadinessProbe?.TerminationGracePeriodSeconds is { } seconds)
        {
            errors.Invalid(path + ".readinessProbe.terminationGracePeriodSeconds", seconds, "must not be set for readinessProbes");
        }

        Handler(container.Lifecycle?.PostStart, "postStart");
        Handler(container.Lifecycle?.PreStop, "preStop");

        void Handler(LifecycleHandler? handler, string name)
        {
            if (handler is not null)
            {
                Action(errors, handler.Exec, handler.HttpGet, handler.TcpSocket, null, handler.Sleep, $"{path}.lifecycle.{name}");
            }
        }

        void Forbid(string name, object? value)
        {
            if (value is not null)
            {
                errors.Forbidden($"{path}.{name}", "may not be set for init containers without restartPolicy=Always");
            }
        }
    }

    private static void Probe(FieldErrors errors, Probe? probe, string path, bool onlyOneSuccess)
    {
        if (probe is null)
        {
            return;
        }

        Action(errors, probe.Exec, probe.HttpGet, probe.TcpSocket, probe.Grpc, null, path);
        errors.NonNegative(path + ".initialDelaySeconds", probe.InitialDelaySeconds);
        errors.NonNegative(path + ".timeoutSeconds", probe.TimeoutSeconds);
        errors.NonNegative(path + ".periodSeconds", probe.PeriodSeconds);
        errors.NonNegative(path + ".successThreshold", probe.SuccessThreshold);
        errors.NonNegative(path + ".failureThreshold", probe.FailureThreshold);
        if (onlyOneSuccess && probe.SuccessThreshold != 1)
        {
            errors.Invalid(path + ".successThreshold", probe.SuccessThreshold, "must be 1");
        }

        if (probe.TerminationGracePeriodSeconds <= 0)
        {
            errors.Invalid(path + ".terminationGracePeriodSeconds", probe.TerminationGracePeriodSeconds, "must be greater than 0");
        }
        else if (probe.TerminationGracePeriodSeconds > PodValidation.MaxGraceSeconds)
        {
            errors.Invalid(
                path + ".terminationGracePeriodSeconds", probe.TerminationGracePeriodSeconds,
                $"must be less than or equal to {PodValidation.MaxGraceSeconds}");
        }
    }

    private static void Action(
        FieldErrors errors, ExecAction? exec, HTTPGetAction? http, TCPSocketAction? tcp, GRPCAction? grpc, SleepAction? sleep, string path)
    {
        switch (EnvValidation.Count(exec, http, tcp, grpc, sleep))
        {
            case 0:
                errors.Required(path, "must specify a handler type");
                return;
            case > 1:
                errors.Forbidden(path, "may not specify more than 1 handler type");
                break;
        }

        if (exec is { Command.Count: 0 })
        {
            errors.Required(path + ".exec.command");
        }

        if (http is not null)
        {
            if (http.Path.Length == 0)
            {
                errors.Required(path + ".httpGet.path");
            }

            Port(errors, http.Port, path + ".httpGet.port");
            errors.OneOf(path + ".httpGet.scheme", http.Scheme, "HTTP", "HTTPS");
        }

        if (tcp is not null)
        {
            Port(errors, tcp.Port, path + ".tcpSocket.port");
        }

        if (grpc is not null)
        {
            Port(errors, grpc.Port, path + ".grpc.port");
        }
    }

    /// <summary>A port by its number or name.</summary>
    internal static void Port(FieldErrors errors, IntOrString port, string path)
    {
        if (port.IsString)
        {
            errors.Invalid(path, port, Names.PortNameErrors(port.StringValue));
        }
        else if (port.IntValue is < 1 or > 65535)
        {
            errors.Invalid(path, port.IntValue, "must be between 1 and 65535, inclusive");
        }
    }
}
