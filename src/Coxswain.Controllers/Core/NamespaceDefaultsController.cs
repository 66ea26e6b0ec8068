using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Core;

/// <summary>
/// Sees that every namespace has its <c>default</c> ServiceAccount and the ConfigMap <c>kube-root-ca.crt</c>, also when
/// somebody deletes or changes them.
/// </summary>
internal sealed class NamespaceDefaultsController : KeyedController
{
    private const string DefaultAccount = "default";
    private const string RootCertificates = "kube-root-ca.crt";
    private const string CertificateKey = "ca.crt";

    private readonly IKubeClient _accountClient;
    private readonly IKubeClient _certificateClient;
    private readonly string _certificates;
    private readonly Informer<Namespace> _namespaces;
    private readonly Informer<ServiceAccount> _accounts;
    private readonly Informer<ConfigMap> _configMaps;

    public NamespaceDefaultsController(ControllerContext context, string certificates)
        : base("namespace-defaults-controller", context)
    {
        _accountClient = context.ClientFor("service-account-controller");
        _certificateClient = context.ClientFor("root-ca-cert-publisher");
        _certificates = certificates;
        _namespaces = context.Informers.Of<Namespace>();
        _accounts = context.Informers.Of<ServiceAccount>(new InformerOptions(FieldSelector: $"metadata.name={DefaultAccount}"));
        _configMaps = context.Informers.Of<ConfigMap>(new InformerOptions(FieldSelector: $"metadata.name={RootCertificates}"));
    }

    protected override IReadOnlyList<IInformer> Inputs => [_namespaces, _accounts, _configMaps];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_namespaces.Get(key) is not { Metadata.DeletionTimestamp: null })
        {
            return Requeue.Never;
        }

        if (_accounts.Get(key.Name, DefaultAccount) is null)
        {
            await CreateAsync(_accountClient, new ServiceAccount { Metadata = Named(DefaultAccount, key.Name) }, cancellationToken);
        }

        if (_certificates.Length > 0)
        {
            await EnsureCertificatesAsync(key.Name, cancellationToken);
        }

        return Requeue.Never;
    }

    protected override void Subscribe()
    {
        _namespaces.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _accounts.OnChange((old, current) => Queue.Add(new NamespacedName("", (current ?? old!).Metadata.Namespace)));
        _configMaps.OnChange((old, current) => Queue.Add(new NamespacedName("", (current ?? old!).Metadata.Namespace)));
    }

    private static ObjectMeta Named(string name, string @namespace) => ObjectMeta.Empty with { Name = name, Namespace = @namespace };

    private async Task EnsureCertificatesAsync(string @namespace, CancellationToken cancellationToken)
    {
        var known = _configMaps.Get(@namespace, RootCertificates);
        var data = new Dictionary<string, string>(StringComparer.Ordinal) { [CertificateKey] = _certificates };
        if (known is null)
        {
            var annotations = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["kubernetes.io/description"] = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
            };
            await CreateAsync(_certificateClient, new ConfigMap { Metadata = Named(RootCertificates, @namespace) with { Annotations = annotations }, Data = data }, cancellationToken);
        }
        else if (known.Data.Count != 1 || known.Data.GetValueOrDefault(CertificateKey) != _certificates)
        {
            await _certificateClient.UpdateAsync(known with { Data = data }, cancellationToken);
        }
    }

    private static async Task CreateAsync<T>(IKubeClient client, T obj, CancellationToken cancellationToken)
        where T : Api.IKubeObject<T>
    {
        try
        {
            await client.CreateAsync(obj, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists)
        {
            // The cache had not seen it yet.
        }
    }
}
