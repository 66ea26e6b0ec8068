using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Certificates;

/// <summary>
/// A certificate that is renewed while it is in use: <see cref="Current"/> is asked at each handshake. Connections that are open
/// keep the one they began with.
/// </summary>
/// <param name="obtain">The certificate as it should be now: the kept one while that is good for long enough.</param>
public sealed partial class RenewingCertificate(Func<KeyAndCertificate> obtain, TimeProvider time, ILogger logger)
{
    /// <summary>Renewal begins months before the end, so an hour is soon enough, also after a clock was set.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    private volatile Pair _pair = new(obtain());

    public X509Certificate2 Current => _pair.Certificate;

    /// <summary>The form in which servers take it.</summary>
    internal SslStreamCertificateContext Context => _pair.Context;

    /// <summary>Looks after the certificate until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                Renew();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private void Renew()
    {
        try
        {
            var kept = obtain();
            if (kept != _pair.Source)
            {
                // The old one may be in the middle of a handshake, so it is left to the collector.
                _pair = new Pair(kept);
                Log.Renewed(logger, _pair.Certificate.Subject, _pair.Certificate.NotAfter.ToUniversalTime());
            }
        }
        catch (Exception exception)
        {
            Log.NotRenewed(logger, exception, _pair.Certificate.Subject);
        }
    }

    private sealed class Pair(KeyAndCertificate source)
    {
        public KeyAndCertificate Source { get; } = source;

        public X509Certificate2 Certificate { get; } = source.ToCertificate();

        public SslStreamCertificateContext Context => field ??= SslStreamCertificateContext.Create(Certificate, additionalCertificates: null, offline: true);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The certificate of {Subject} was renewed and is good until {NotAfter:u}")]
        public static partial void Renewed(ILogger logger, string subject, DateTime notAfter);

        [LoggerMessage(LogLevel.Error, "The certificate of {Subject} could not be renewed")]
        public static partial void NotRenewed(ILogger logger, Exception exception, string subject);
    }
}
