namespace Coxswain.Network.Proxy;

/// <summary>The names of the proxy's chains, sets and maps. All begin with <see cref="Prefix"/>, which nobody else uses.</summary>
internal static class RuleNames
{
    public const string Prefix = "proxy-";

    /// <summary>address . protocol . port : which chain picks the endpoint.</summary>
    public const string Services = "proxy-services";

    /// <summary>address . protocol . port of Services without endpoints, where the Service CIDR's rule does not refuse them.</summary>
    public const string Refused = "proxy-refused";

    /// <summary>address . protocol . port of load balancers that not everybody may reach.</summary>
    public const string Restricted = "proxy-restricted";

    /// <summary>address . protocol . port . range of clients: who may reach what is <see cref="Restricted"/>.</summary>
    public const string Sources = "proxy-sources";

    /// <summary>An endpoint's address twice: connections of a pod to itself.</summary>
    public const string Hairpin = "proxy-hairpin";

    /// <summary>client . address . protocol . port : the endpoint it stays with. Written by packets, forgotten by time.</summary>
    public const string Affinity = "proxy-affinity";

    /// <summary>address . protocol . port : the chain that writes <see cref="Affinity"/>.</summary>
    public const string AffinityServices = "proxy-affinity-services";

    /// <summary>address . protocol . port . endpoint: what a client may stay with.</summary>
    public const string AffinityEndpoints = "proxy-affinity-endpoints";

    private const string EndpointsPrefix = "proxy-endpoints-";
    private const string PickPrefix = "proxy-pick-";
    private const string StayPrefix = "proxy-stay-";
    private const string LearnPrefix = "proxy-learn-";

    /// <summary>The map (and the chain that looks it up) of the endpoints in one slot: address . protocol . port : endpoint.</summary>
    public static string Endpoints(int slot) => $"{EndpointsPrefix}{slot}";

    public static bool IsEndpoints(string set) => set.StartsWith(EndpointsPrefix, StringComparison.Ordinal);

    /// <summary>The chain that picks one of so many slots by chance.</summary>
    public static string Pick(int count) => $"{PickPrefix}{count}";

    /// <summary>The chain that looks for the client's earlier endpoint before it picks one of so many.</summary>
    public static string Stay(int count) => $"{StayPrefix}{count}";

    /// <summary>The chain that remembers a client's endpoint for so long.</summary>
    public static string Learn(int timeoutSeconds) => $"{LearnPrefix}{timeoutSeconds}";

    /// <summary>What a chain's name says it needs: its kind and its number.</summary>
    public static bool TryParse(string name, out RuleChainKind kind, out int number)
    {
        (kind, var prefix) = name switch
        {
            _ when name.StartsWith(EndpointsPrefix, StringComparison.Ordinal) => (RuleChainKind.Endpoints, EndpointsPrefix),
            _ when name.StartsWith(PickPrefix, StringComparison.Ordinal) => (RuleChainKind.Pick, PickPrefix),
            _ when name.StartsWith(StayPrefix, StringComparison.Ordinal) => (RuleChainKind.Stay, StayPrefix),
            _ when name.StartsWith(LearnPrefix, StringComparison.Ordinal) => (RuleChainKind.Learn, LearnPrefix),
            _ => (default, ""),
        };
        number = 0;
        return prefix.Length > 0 && int.TryParse(name.AsSpan(prefix.Length), out number);
    }
}

/// <summary>The chains that are made as Services first need them.</summary>
internal enum RuleChainKind
{
    Endpoints,
    Pick,
    Stay,
    Learn,
}
