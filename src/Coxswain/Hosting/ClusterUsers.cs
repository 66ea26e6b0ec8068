using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Users;

namespace Coxswain.Hosting;

/// <summary>
/// Under whose name each part of the cluster acts: that of the same part of a standard cluster, with the rights the default
/// roles give it and no others. See https://kubernetes.io/docs/reference/access-authn-authz/rbac/#core-component-roles.
/// </summary>
internal static class ClusterUsers
{
    private const string SystemNamespace = "kube-system";
    private const string Nodes = "system:nodes";

    /// <summary>Reads for all controllers; each writes under an account of its own.</summary>
    public static User ControllerManager { get; } = Component(Controllers.Management.ControllerManager.User);

    public static User Proxy { get; } = Component("system:kube-proxy");

    /// <summary>Only for what an operator would have to do when a cluster is made.</summary>
    public static User Administrator { get; } = new(ClusterPki.AdminUser, [ClusterPki.MastersGroup, User.AuthenticatedGroup]);

    public static User Dns { get; } = Controller("kube-dns");

    /// <summary>Enforces NetworkPolicies.</summary>
    public static User Policies { get; } = Controller("network-policy");

    /// <summary>Gives addresses to Services of type LoadBalancer.</summary>
    public static User LoadBalancers { get; } = Controller("service-controller");

    /// <summary>Reads what Ingresses name, their Secrets too, and says on them where they are served.</summary>
    public static User Ingresses { get; } = Controller("ingress-nginx");

    /// <summary>The account of a controller, such as <c>deployment-controller</c>.</summary>
    private static User Controller(string account) => User.ServiceAccount(SystemNamespace, account);

    public static User Node(string name) => new($"system:node:{name}", [Nodes, User.AuthenticatedGroup]);

    /// <param name="name">With its <c>system:</c>.</param>
    private static User Component(string name) => new(name, [User.AuthenticatedGroup]);
}
