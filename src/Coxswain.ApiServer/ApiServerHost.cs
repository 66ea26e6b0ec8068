using System.Net;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Bootstrap;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Http;
using Coxswain.ApiServer.InProcess;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Resources.Rules;
using Coxswain.ApiServer.Users;
using Coxswain.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer;

/// <summary>
/// A running API server. <see cref="StartAsync"/> returns when the objects every cluster begins with exist and the
/// endpoints accept connections; clients for the process itself come from <see cref="ClientFor"/>.
/// </summary>
public sealed partial class ApiServerHost : IAsyncDisposable
{
    private readonly ApiServerOptions _options;
    private readonly ApiServerParts _parts;
    private readonly ILogger _logger;
    private readonly RenewingCertificate _certificate;
    private readonly CancellationTokenSource _stopping = new();
    private WebApplication? _web;
    private Task _background = Task.CompletedTask;
    private Task _audit = Task.CompletedTask;
    private bool _isStopped;

    public ApiServerHost(ApiServerOptions options)
    {
        _options = options;
        _logger = options.LoggerFactory.CreateLogger<ApiServerHost>();
        _parts = new ApiServerParts(options);
        _certificate = new RenewingCertificate(ServerCertificate, options.Time, options.LoggerFactory.CreateLogger<RenewingCertificate>());
    }

    /// <summary>The endpoints that are served, with the ports they got.</summary>
    public IReadOnlyList<IPEndPoint> Endpoints { get; private set; } = [];

    /// <summary>The cluster's authority, as clients need it to trust the server.</summary>
    public string CertificateAuthorityPem => _options.Pki.Authority.CertificatePem;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _parts.ServicePools.RepairAsync(cancellationToken);
        await _parts.Definitions.LoadAsync(cancellationToken);
        _audit = _parts.Audit?.RunAsync() ?? Task.CompletedTask;
        if (_options.Endpoints.Count > 0)
        {
            _web = KestrelServer.Create(
                _options.Endpoints, _certificate, new CertificateAuthenticator(_options.Pki.Authority, _options.Time), _parts.Http, _options.LoggerFactory);
            await _web.StartAsync(cancellationToken);
            Endpoints = KestrelServer.AddressesOf(_web);
        }

        await new BootstrapObjects(_parts.Core, _parts.Resources, _options.Pki, _options.ServiceRange, _options.Advertised).EnsureAsync(cancellationToken);
        _background = Task.WhenAll(
            _parts.Definitions.RunAsync(_stopping.Token), _parts.Aggregated.RunAsync(_stopping.Token), _parts.PolicyTypes.RunAsync(_stopping.Token), _parts.FrontProxyClient.RunAsync(_stopping.Token),
            _parts.EventCleaner.RunAsync(_stopping.Token), _certificate.RunAsync(_stopping.Token), _parts.NodeClient.RunAsync(_stopping.Token));
        _parts.Health.Started();
        Log.Started(_logger, string.Join(", ", Endpoints));
    }

    /// <summary>What is served now, and who waits for it to change.</summary>
    public IKubeDiscovery Discovery => _parts.Resources;

    /// <summary>What is served; whoever adds kinds at run time changes it.</summary>
    internal CatalogueHolder Catalogue => _parts.Resources;

    /// <summary>A client for a part of this process: no socket, but the same identity, authorization and admission.</summary>
    public InProcessKubeClient ClientFor(User user) => new(_parts.Core, _parts.Resources, user);

    /// <summary>Ends watches and logs, then the rest; the store stays open.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_isStopped)
        {
            return;
        }

        _isStopped = true;
        await _parts.Lifetime.StopAsync();
        await _stopping.CancelAsync();
        if (_web is not null)
        {
            await _web.StopAsync(cancellationToken);
            await _web.DisposeAsync();
        }

        await _background;
        _parts.Audit?.Complete();
        await _audit;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        await _parts.DisposeAsync();
        _stopping.Dispose();
    }

    private KeyAndCertificate ServerCertificate() => _options.Pki.ApiServer(
        [
            IPAddress.Loopback, IPAddress.IPv6Loopback, AddressRange.FirstOf(_options.ServiceRange),
            .. _options.Endpoints.Select(endpoint => endpoint.Address).Where(address => !address.Equals(IPAddress.Any)),
            .. _options.Advertised is { } advertised ? [advertised.Address] : Array.Empty<IPAddress>(), .. _options.ExtraAddresses,
        ],
        _options.ExtraNames);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "API server serves {Endpoints}")]
        public static partial void Started(ILogger logger, string endpoints);
    }
}
