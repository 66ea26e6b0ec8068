using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Networking.V1;
using Coxswain.Api.Scalars;
using IPAddress = System.Net.IPAddress;

namespace Coxswain.Api.Validation;

/// <summary>The rules for Ingresses, NetworkPolicies and the endpoints of Services.</summary>
internal static class NetworkValidation
{
    private const string NotAnAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    private const string PortRange = "must be between 1 and 65535, inclusive";
    private const int MaxEndpoints = 1000;
    private const int MaxAddresses = 100;
    private const int MaxPorts = 20000;

    public static void Check(FieldErrors errors, Ingress value)
    {
        var spec = value.Spec;
        if (spec.Rules.Count == 0 && spec.DefaultBackend is null)
        {
            errors.Invalid("spec", spec, "either `defaultBackend` or `rules` must be specified");
        }

        if (spec.DefaultBackend is { } backend)
        {
            Backend(errors, backend, "spec.defaultBackend");
        }

        if (spec.IngressClassName is { } className)
        {
            errors.Invalid("spec.ingressClassName", className, Names.SubdomainErrors(className));
        }

        for (var i = 0; i < spec.Rules.Count; i++)
        {
            Rule(errors, spec.Rules[i], $"spec.rules[{i}]");
        }
    }

    public static void Check(FieldErrors errors, NetworkPolicy value)
    {
        SelectorValidation.Check(errors, value.Spec.PodSelector, "spec.podSelector");
        for (var i = 0; i < value.Spec.PolicyTypes.Count; i++)
        {
            errors.OneOf($"spec.policyTypes[{i}]", value.Spec.PolicyTypes[i], "Ingress", "Egress");
        }
    }

    public static void Check(FieldErrors errors, Endpoints value)
    {
        for (var i = 0; i < value.Subsets.Count; i++)
        {
            var subset = value.Subsets[i];
            var at = $"subsets[{i}]";
            if (subset.Addresses.Count + subset.NotReadyAddresses.Count == 0)
            {
                errors.Required(at, "must specify `addresses` or `notReadyAddresses`");
            }

            for (var j = 0; j < subset.Addresses.Count; j++)
            {
                Address(errors, subset.Addresses[j].Ip, $"{at}.addresses[{j}].ip");
            }

            for (var j = 0; j < subset.NotReadyAddresses.Count; j++)
            {
                Address(errors, subset.NotReadyAddresses[j].Ip, $"{at}.notReadyAddresses[{j}].ip");
            }

            for (var j = 0; j < subset.Ports.Count; j++)
            {
                var port = subset.Ports[j];
                if (port.Name.Length == 0 && subset.Ports.Count > 1)
                {
                    errors.Required($"{at}.ports[{j}].name");
                }

                Port(errors, port.Port, port.Protocol, $"{at}.ports[{j}]");
            }
        }
    }

    public static void Check(FieldErrors errors, EndpointSlice value)
    {
        if (value.AddressType.Length == 0)
        {
            errors.Required("addressType");
        }
        else
        {
            errors.OneOf("addressType", value.AddressType, "FQDN", "IPv4", "IPv6");
        }

        if (value.Endpoints.Count > MaxEndpoints)
        {
            errors.Add(FieldError.TooMany("endpoints", value.Endpoints.Count, MaxEndpoints));
        }

        if (value.Ports.Count > MaxPorts)
        {
            errors.Add(FieldError.TooMany("ports", value.Ports.Count, MaxPorts));
        }

        for (var i = 0; i < value.Endpoints.Count; i++)
        {
            Endpoint(errors, value.Endpoints[i], value.AddressType, $"endpoints[{i}]");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < value.Ports.Count; i++)
        {
            var port = value.Ports[i];
            if (!names.Add(port.Name ?? ""))
            {
                errors.Duplicate("ports", port.Name ?? "");
            }

            if (port.Port is { } number)
            {
                Port(errors, number, port.Protocol ?? "", $"ports[{i}]");
            }
        }
    }

    public static void CheckUpdate(FieldErrors errors, EndpointSlice value, EndpointSlice old) =>
        errors.Immutable("addressType", value.AddressType, value.AddressType == old.AddressType);

    private static void Rule(FieldErrors errors, IngressRule rule, string path)
    {
        if (rule.Host.Length > 0)
        {
            if (IPAddress.TryParse(rule.Host, out _))
            {
                errors.Invalid(path + ".host", rule.Host, "must be a DNS name, not an IP address");
            }

            errors.Invalid(path + ".host", rule.Host, Names.SubdomainErrors(rule.Host.StartsWith("*.", StringComparison.Ordinal) ? rule.Host[2..] : rule.Host));
        }

        if (rule.Http is not { } http)
        {
            return;
        }

        if (http.Paths.Count == 0)
        {
            errors.Required(path + ".http.paths");
        }

        for (var i = 0; i < http.Paths.Count; i++)
        {
            var entry = http.Paths[i];
            var at = $"{path}.http.paths[{i}]";
            if (entry.PathType is not { } type)
            {
                errors.Required(at + ".pathType", "pathType must be specified");
            }
            else
            {
                errors.OneOf(at + ".pathType", type, "Exact", "ImplementationSpecific", "Prefix");
                if (!(type == "ImplementationSpecific" && entry.Path.Length == 0) && !entry.Path.StartsWith('/'))
                {
                    errors.Invalid(at + ".path", entry.Path, "must be an absolute path");
                }
            }

            Backend(errors, entry.Backend, at + ".backend");
        }
    }

    private static void Backend(FieldErrors errors, IngressBackend backend, string path)
    {
        if (backend.Service is { } service && backend.Resource is not null)
        {
            errors.Invalid(path, service, "cannot set both resource and service backends");
        }
        else if (backend.Resource is null && backend.Service is null)
        {
            errors.Required(path, "resource or service backend is required");
        }

        if (backend.Service is not { } target)
        {
            return;
        }

        if (target.Name.Length == 0)
        {
            errors.Required(path + ".service.name");
        }
        else
        {
            errors.Invalid(path + ".service.name", target.Name, Names.Label1035Errors(target.Name));
        }

        if (target.Port.Name.Length > 0)
        {
            errors.Invalid(path + ".service.port.name", target.Port.Name, Names.PortNameErrors(target.Port.Name));
            if (target.Port.Number != 0)
            {
                errors.Invalid(path, target, "cannot set both port name & port number");
            }
        }
        else if (target.Port.Number == 0)
        {
            errors.Required(path, "port name or number is required");
        }
        else if (target.Port.Number is < 1 or > 65535)
        {
            errors.Invalid(path + ".service.port.number", target.Port.Number, PortRange);
        }
    }

    private static void Endpoint(FieldErrors errors, Endpoint endpoint, string addressType, string path)
    {
        if (endpoint.Addresses.Count == 0)
        {
            errors.Required(path + ".addresses", "must contain at least 1 address");
        }
        else if (endpoint.Addresses.Count > MaxAddresses)
        {
            errors.Add(FieldError.TooMany(path + ".addresses", endpoint.Addresses.Count, MaxAddresses));
        }

        for (var i = 0; i < endpoint.Addresses.Count; i++)
        {
            var address = endpoint.Addresses[i];
            var at = $"{path}.addresses[{i}]";
            if (addressType == "FQDN")
            {
                errors.Invalid(at, address, Names.SubdomainErrors(address.TrimEnd('.')));
            }
            else if (!IPAddress.TryParse(address, out var parsed))
            {
                errors.Invalid(at, address, NotAnAddress);
            }
            else if (addressType == "IPv4" && parsed.AddressFamily != AddressFamily.InterNetwork)
            {
                errors.Invalid(at, address, "must be an IPv4 address");
            }
            else if (addressType == "IPv6" && parsed.AddressFamily != AddressFamily.InterNetworkV6)
            {
                errors.Invalid(at, address, "must be an IPv6 address");
            }
        }
    }

    private static void Address(FieldErrors errors, string ip, string path)
    {
        if (!IPAddress.TryParse(ip, out var address))
        {
            errors.Invalid(path, ip, NotAnAddress);
        }
        else if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any))
        {
            errors.Invalid(path, ip, IPAddress.IsLoopback(address) ? "may not be in the loopback range (127.0.0.0/8, ::1/128)" : "may not be unspecified (0.0.0.0)");
        }
    }

    private static void Port(FieldErrors errors, int number, string protocol, string path)
    {
        if (number is < 1 or > 65535)
        {
            errors.Invalid(path + ".port", number, PortRange);
        }

        if (protocol.Length == 0)
        {
            errors.Required(path + ".protocol");
        }
        else
        {
            errors.OneOf(path + ".protocol", protocol, "SCTP", "TCP", "UDP");
        }
    }
}
