using System.Net;
using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for Services.</summary>
internal static class ServiceValidation
{
    private const string NotAnAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    private const string PortRange = "must be between 1 and 65535, inclusive";

    public static void Check(FieldErrors errors, Service service)
    {
        var spec = service.Spec;
        var isHeadless = spec.ClusterIP == "None";
        errors.OneOf("spec.type", spec.Type, "ClusterIP", "NodePort", "LoadBalancer", "ExternalName");
        errors.OneOf("spec.sessionAffinity", spec.SessionAffinity, "ClientIP", "None");
        if (spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds is { } timeout && timeout is <= 0 or > 86400)
        {
            errors.Invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", timeout, "must be greater than 0 and less than 86400");
        }

        CheckType(errors, spec, isHeadless);
        MetadataValidation.Labels(errors, "spec.selector", spec.Selector);
        CheckPorts(errors, spec, isHeadless);
        for (var i = 0; i < spec.ExternalIPs.Count; i++)
        {
            CheckExternalAddress(errors, spec.ExternalIPs[i], $"spec.externalIPs[{i}]");
        }

        if (spec.ExternalTrafficPolicy.Length > 0)
        {
            errors.OneOf("spec.externalTrafficPolicy", spec.ExternalTrafficPolicy, "Cluster", "Local");
        }

        if (spec.InternalTrafficPolicy is { } policy)
        {
            errors.OneOf("spec.internalTrafficPolicy", policy, "Cluster", "Local");
        }
    }

    public static void CheckUpdate(FieldErrors errors, Service value, Service old)
    {
        var (now, before) = (value.Spec, old.Spec);
        if (before.Type == "ExternalName" || now.Type == "ExternalName" || before.ClusterIP.Length == 0)
        {
            return;
        }

        if (now.ClusterIP != before.ClusterIP)
        {
            errors.Invalid("spec.clusterIPs[0]", new AddressList(now.ClusterIPs.Count > 0 ? now.ClusterIPs : [now.ClusterIP]), "may not change once set");
        }
    }

    /// <summary>Not an address that means something else on every machine: its traffic would be taken from the node itself.</summary>
    private static void CheckExternalAddress(FieldErrors errors, string text, string path)
    {
        if (!IPAddress.TryParse(text, out var address) || !IsWrittenOut(text, address))
        {
            errors.Invalid(path, text, NotAnAddress);
        }
        else if (SpecialAddresses.WhyNot(address) is { } why)
        {
            errors.Invalid(path, text, why);
        }
    }

    /// <summary>The parser takes 127.1 and 0x7f000001 too.</summary>
    private static bool IsWrittenOut(string text, IPAddress address) =>
        address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == text;

    private static void CheckType(FieldErrors errors, ServiceSpec spec, bool isHeadless)
    {
        if (spec.Type == "ExternalName")
        {
            if (spec.ClusterIP.Length > 0)
            {
                errors.Forbidden("spec.clusterIPs", "may not be set for ExternalName services");
            }

            var name = spec.ExternalName.EndsWith('.') ? spec.ExternalName[..^1] : spec.ExternalName;
            if (name.Length == 0)
            {
                errors.Required("spec.externalName");
            }
            else
            {
                errors.Invalid("spec.externalName", spec.ExternalName, Names.SubdomainErrors(name));
            }

            return;
        }

        if (isHeadless && spec.Type is "NodePort" or "LoadBalancer")
        {
            errors.Invalid("spec.clusterIPs[0]", spec.ClusterIP, $"may not be set to 'None' for {spec.Type} services");
        }
        else if (spec.ClusterIP.Length > 0 && !isHeadless && !IPAddress.TryParse(spec.ClusterIP, out _))
        {
            errors.Invalid("spec.clusterIPs[0]", spec.ClusterIP, NotAnAddress);
        }
    }

    private static void CheckPorts(FieldErrors errors, ServiceSpec spec, bool isHeadless)
    {
        if (spec.Ports.Count == 0 && !isHeadless && spec.Type != "ExternalName")
        {
            errors.Required("spec.ports");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var ports = new HashSet<(string, int)>();
        var nodePorts = new HashSet<(string, int)>();
        for (var i = 0; i < spec.Ports.Count; i++)
        {
            var port = spec.Ports[i];
            var at = $"spec.ports[{i}]";
            CheckPort(errors, port, at, spec, isHeadless);
            if (port.Name.Length > 0 && !names.Add(port.Name))
            {
                errors.Duplicate(at + ".name", port.Name);
            }

            if (!ports.Add((port.Protocol, port.Port)))
            {
                errors.Add(FieldError.Duplicate(at, new PortText(port)));
            }

            if (port.NodePort != 0 && !nodePorts.Add((port.Protocol, port.NodePort)))
            {
                errors.Duplicate(at + ".nodePort", port.NodePort);
            }
        }
    }

    private static void CheckPort(FieldErrors errors, ServicePort port, string path, ServiceSpec spec, bool isHeadless)
    {
        if (port.Name.Length > 0)
        {
            errors.Invalid(path + ".name", port.Name, Names.LabelErrors(port.Name));
        }
        else if (spec.Ports.Count > 1)
        {
            errors.Required(path + ".name");
        }

        if (port.Port is < 1 or > 65535)
        {
            errors.Invalid(path + ".port", port.Port, PortRange);
        }

        if (port.Protocol.Length == 0)
        {
            errors.Required(path + ".protocol");
        }
        else
        {
            errors.OneOf(path + ".protocol", port.Protocol, "TCP", "UDP", "SCTP");
        }

        ProbeValidation.Port(errors, port.TargetPort, path + ".targetPort");
        if (port.NodePort == 0)
        {
            return;
        }

        if (spec.Type is not ("NodePort" or "LoadBalancer") || isHeadless)
        {
            errors.Forbidden(path + ".nodePort", $"may not be used when `type` is '{spec.Type}'");
        }
        else if (port.NodePort is < 30000 or > 32767)
        {
            errors.Invalid(path + ".nodePort", port.NodePort, "provided port is not in the valid range. The range of valid ports is 30000-32767");
        }
    }

    private sealed class AddressList(IReadOnlyList<string> addresses)
    {
        public override string ToString() => $"[{string.Join(",", addresses.Select(FieldError.Quote))}]";
    }

    private sealed class PortText(ServicePort port)
    {
        public override string ToString() => $"{{\"protocol\":\"{port.Protocol}\",\"port\":{port.Port}}}";
    }
}
