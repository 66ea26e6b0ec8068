using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Networking.V1;
using Coxswain.Api.Selectors;
using EndpointPort = Coxswain.Api.Discovery.V1.EndpointPort;

namespace Coxswain.ApiServer.Cells;

/// <summary>The columns of Services and what belongs to them.</summary>
internal static class NetworkCells
{
    public static object? Cell(Service service, string column) => column switch
    {
        "Type" => service.Spec.Type,
        "Cluster-IP" => CellText.OrNone(service.Spec.ClusterIPs is [var first, ..] ? first : service.Spec.ClusterIP),
        "External-IP" => ExternalAddress(service),
        "Port(s)" => CellText.OrNone(string.Join(',', service.Spec.Ports.Select(port =>
            port.NodePort > 0 ? $"{port.Port}:{port.NodePort}/{port.Protocol}" : $"{port.Port}/{port.Protocol}"))),
        "Selector" => CellText.Labels(service.Spec.Selector),
        _ => null,
    };

    public static object? Cell(Endpoints endpoints, string column)
    {
        if (column != "Endpoints")
        {
            return null;
        }

        List<string> all = [];
        foreach (var subset in endpoints.Subsets)
        {
            all.AddRange(subset.Ports.Count == 0
                ? subset.Addresses.Select(address => address.Ip)
                : subset.Ports.SelectMany(port => subset.Addresses.Select(address => $"{address.Ip}:{port.Port}")));
        }

        return CellText.Few(all, 3);
    }

    public static object? Cell(EndpointSlice slice, string column) => column switch
    {
        "AddressType" => slice.AddressType,
        "Ports" => slice.Ports.Count == 0 ? "<unset>" : CellText.Few([.. slice.Ports.Select(Port)], 3),
        "Endpoints" => slice.Endpoints.Count == 0 ? "<unset>" : CellText.Few([.. slice.Endpoints.SelectMany(endpoint => endpoint.Addresses)], 3),
        _ => null,
    };

    public static object? Cell(Ingress ingress, string column) => column switch
    {
        "Class" => CellText.OrNone(ingress.Spec.IngressClassName ?? ingress.Metadata.Annotations.GetValueOrDefault("kubernetes.io/ingress.class")),
        "Hosts" => ingress.Spec.Rules.Select(rule => rule.Host).Where(host => host.Length > 0).ToList() is { Count: > 0 } hosts ? CellText.Few(hosts, 3) : "*",
        "Address" => string.Join(',', ingress.Status.LoadBalancer.Ingress.Select(item => item.Ip.Length > 0 ? item.Ip : item.Hostname)),
        "Ports" => ingress.Spec.Tls.Count > 0 ? "80, 443" : "80",
        _ => null,
    };

    public static object? Cell(IngressClass ingressClass, string column) => column switch
    {
        "Controller" => ingressClass.Spec.Controller,
        "Parameters" => ingressClass.Spec.Parameters is { } parameters
            ? $"{parameters.Kind}{(string.IsNullOrEmpty(parameters.ApiGroup) ? "" : "." + parameters.ApiGroup)}/{parameters.Name}" : "<none>",
        _ => null,
    };

    public static object? Cell(NetworkPolicy policy, string column) =>
        column == "Pod-Selector" ? CellText.OrNone(LabelSelector.From(policy.Spec.PodSelector).ToString()) : null;

    private static string ExternalAddress(Service service)
    {
        var fixedAddresses = service.Spec.ExternalIPs;
        switch (service.Spec.Type)
        {
            case "ExternalName":
                return service.Spec.ExternalName;
            case "LoadBalancer":
                var given = service.Status.LoadBalancer.Ingress.Select(item => item.Ip.Length > 0 ? item.Ip : item.Hostname)
                    .Where(item => item.Length > 0).Distinct().Order(StringComparer.Ordinal).ToList();
                return fixedAddresses.Count > 0 ? string.Join(',', given.Concat(fixedAddresses)) : given.Count > 0 ? string.Join(',', given) : "<pending>";
            default:
                return CellText.OrNone(string.Join(',', fixedAddresses));
        }
    }

    private static string Port(EndpointPort port) => port.Port is { } number ? number.ToString(System.Globalization.CultureInfo.InvariantCulture) : "<unset>";
}
