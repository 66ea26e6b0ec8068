using System.Security.Cryptography;
using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Networking.V1;
using Coxswain.Client;
using Coxswain.Network.Proxy;

namespace Coxswain.Network.Ingresses;

/// <summary>Decides what all Ingresses together mean: sites with their paths, and what is wrong with which Ingress. Pure.</summary>
internal sealed class IngressPlanner
{
    private readonly IIngressObjects _objects;
    private readonly Dictionary<string, Draft> _sites = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly List<IngressProblem> _problems = [];

    private IngressPlanner(IIngressObjects objects) => _objects = objects;

    /// <param name="excluded">Those that nginx refused, by key; nothing of them is served.</param>
    public static IngressPlan Plan(IEnumerable<Ingress> ingresses, IIngressObjects objects, IReadOnlySet<string> excluded)
    {
        var planner = new IngressPlanner(objects);
        var canaries = new List<(Ingress Ingress, IngressOptions Options)>();

        // Of two that want the same path the older one has it.
        foreach (var ingress in ingresses.OrderBy(ingress => ingress.Metadata.CreationTimestamp).ThenBy(KeyOf, StringComparer.Ordinal))
        {
            var key = KeyOf(ingress);
            var options = IngressOptionsParser.Parse(
                ingress.Metadata.Namespace, ingress.Metadata.Annotations, out var errors, out var warnings);
            planner._problems.AddRange(warnings.Select(message => new IngressProblem(key, message, IsRefused: false)));
            planner._problems.AddRange(errors.Select(message => new IngressProblem(key, message, IsRefused: true)));
            if (errors.Count > 0 || excluded.Contains(key))
            {
                continue;
            }

            if (options.Canary is not null)
            {
                canaries.Add((ingress, options));
            }
            else
            {
                planner.Add(ingress, key, options);
            }
        }

        canaries.ForEach(canary => planner.AddCanary(canary.Ingress, canary.Options));
        var sites = planner._sites.Values.OrderBy(site => site.Host, StringComparer.Ordinal)
            .Select(site => new IngressSite(
                site.Host, [.. site.Aliases.Where(alias => !planner._sites.ContainsKey(alias)).Order(StringComparer.Ordinal)],
                site.Certificate, site.HasTls, [.. site.Paths.Select(path => path.Value with { Canaries = [.. site.Canaries.GetValueOrDefault(path.Key, [])] })]))
            .ToList();
        return new IngressPlan(sites, planner._files, planner._problems);
    }

    public static string KeyOf(Ingress ingress) => NamespacedName.Of(ingress).ToString();

    private void Add(Ingress ingress, string key, IngressOptions options)
    {
        string? passwords = null;
        if (options.BasicAuth is { } auth)
        {
            var lines = IngressSecrets.Passwords(_objects.Secret(auth.Namespace, auth.Secret), auth.IsFile, out var reason);
            if (lines is null)
            {
                _problems.Add(new IngressProblem(key, $"Secret {auth.Namespace}/{auth.Secret} {reason}; the Ingress is not served without it", IsRefused: true));
                return;
            }

            _files[passwords = $"auth/{Id(lines)}"] = lines;
        }

        IngressPath Path(string path, string kind, IngressBackend backend) => new(
            key, Id(key), path, kind, options, Upstream(ingress.Metadata.Namespace, key, backend, options), []) { PasswordFile = passwords };

        foreach (var rule in ingress.Spec.Rules)
        {
            var site = SiteOf(rule.Host, ingress, key, options);
            foreach (var path in rule.Http?.Paths ?? [])
            {
                var text = path.Path.Length > 0 ? path.Path : "/";
                Add(site, Path(text, path.PathType ?? "ImplementationSpecific", path.Backend));
            }

            if (ingress.Spec.DefaultBackend is { } rest && !site.Paths.ContainsKey(("/", "ImplementationSpecific")))
            {
                // Where to go when no path of the host fits.
                site.Paths.TryAdd(("/", "Prefix"), Path("/", "Prefix", rest));
            }
        }

        if (ingress.Spec.DefaultBackend is { } everything && ingress.Spec.Rules.Count == 0)
        {
            Add(SiteOf("", ingress, key, options), Path("/", "Prefix", everything));
        }
    }

    private void Add(Draft site, IngressPath path)
    {
        if (path.Path.Any(character => char.IsControl(character) || character is ' ' or '"' or '\''))
        {
            _problems.Add(new IngressProblem(path.Owner, $"path \"{path.Path}\" has characters that a path cannot have", IsRefused: false));
        }
        else if (!site.Paths.TryAdd((path.Path, path.Kind), path) && site.Paths[(path.Path, path.Kind)].Owner != path.Owner)
        {
            _problems.Add(new IngressProblem(
                path.Owner, $"path \"{path.Path}\" of host \"{site.Host}\" belongs to the Ingress {site.Paths[(path.Path, path.Kind)].Owner}", IsRefused: false));
        }
    }

    private void AddCanary(Ingress ingress, IngressOptions options)
    {
        var key = KeyOf(ingress);
        foreach (var (host, path) in ingress.Spec.Rules.SelectMany(rule => (rule.Http?.Paths ?? []).Select(path => (rule.Host, path))))
        {
            var at = (path.Path.Length > 0 ? path.Path : "/", path.PathType ?? "ImplementationSpecific");
            if (!_sites.TryGetValue(host, out var site) || !site.Paths.ContainsKey(at))
            {
                _problems.Add(new IngressProblem(key, $"no other Ingress serves path \"{at.Item1}\" of host \"{host}\", so there is nothing to be the canary of", IsRefused: false));
                continue;
            }

            if (!site.Canaries.TryGetValue(at, out var branches))
            {
                site.Canaries.Add(at, branches = []);
            }

            branches.Add(new IngressBranch(options.Canary!, Upstream(ingress.Metadata.Namespace, key, path.Backend, options))); // Only those that have one get here.
        }
    }

    private Draft SiteOf(string host, Ingress ingress, string key, IngressOptions options)
    {
        host = host.ToLowerInvariant();
        if (!_sites.TryGetValue(host, out var site))
        {
            _sites.Add(host, site = new Draft(host));
        }

        site.Aliases.UnionWith(options.ServerAliases);
        foreach (var tls in ingress.Spec.Tls.Where(tls => tls.Hosts.Count == 0 || tls.Hosts.Any(name => Covers(name.ToLowerInvariant(), host))))
        {
            site.HasTls = true;
            if (site.Certificate is null && tls.SecretName.Length > 0)
            {
                if (IngressSecrets.Certificate(_objects.Secret(ingress.Metadata.Namespace, tls.SecretName), out var reason) is { } pem)
                {
                    _files[site.Certificate = $"tls/{Id(pem)}.pem"] = pem;
                }
                else
                {
                    _problems.Add(new IngressProblem(
                        key, $"Secret {ingress.Metadata.Namespace}/{tls.SecretName} {reason}; the default certificate is shown instead", IsRefused: false));
                }
            }
        }

        return site;
    }

    private static bool Covers(string name, string host) =>
        name == host || (name.StartsWith("*.", StringComparison.Ordinal) && host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && host[dot..] == name[1..]);

    private IngressUpstream Upstream(string @namespace, string key, IngressBackend backend, IngressOptions options)
    {
        if (backend.Service is not { } named)
        {
            _problems.Add(new IngressProblem(key, "a backend that is no Service is not supported; its path answers 503", IsRefused: false));
            return new IngressUpstream("none", []);
        }

        var name = $"{@namespace}-{named.Name}-{(named.Port.Name.Length > 0 ? named.Port.Name : named.Port.Number.ToString(System.Globalization.CultureInfo.InvariantCulture))}";
        var service = _objects.Service(@namespace, named.Name);
        if (service is not null && service.Spec.Type == ServiceType.ExternalName)
        {
            return new IngressUpstream(name, [], $"{service.Spec.ExternalName}:{(named.Port.Number > 0 ? named.Port.Number : 80)}");
        }

        var port = service?.Spec.Ports.FirstOrDefault(port => named.Port.Name.Length > 0 ? port.Name == named.Port.Name : port.Port == named.Port.Number);
        if (service is null || port is null)
        {
            _problems.Add(new IngressProblem(
                key, service is null ? $"Service {@namespace}/{named.Name} does not exist; its path answers 503"
                    : $"Service {@namespace}/{named.Name} has no port {named.Port.Name}{(named.Port.Number > 0 ? named.Port.Number : "")}; its path answers 503", IsRefused: false));
            return new IngressUpstream(name, []);
        }

        return options.ServiceUpstream && service.Spec.ClusterIP is not ("" or "None")
            ? new IngressUpstream(name + "-service", [$"{service.Spec.ClusterIP}:{port.Port}"])
            : new IngressUpstream(name, [.. PortEndpoints.Of(port, _objects.Slices(@namespace, named.Name)).Usable(null)
                .Select(endpoint => endpoint.Replace(" . ", ":", StringComparison.Ordinal))]);
    }

    /// <summary>A short word for something long, which anybody may see.</summary>
    internal static string Id(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    private sealed class Draft(string host)
    {
        public string Host { get; } = host;

        public HashSet<string> Aliases { get; } = new(StringComparer.Ordinal);

        public string? Certificate { get; set; }

        public bool HasTls { get; set; }

        public Dictionary<(string Path, string Kind), IngressPath> Paths { get; } = [];

        public Dictionary<(string Path, string Kind), List<IngressBranch>> Canaries { get; } = [];
    }
}
