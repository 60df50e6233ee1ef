namespace AgentMta.Server.Inbound;

/// <summary>Says in the log, at the start and once a day, which certificates are to be renewed: who does not look at health and metrics reads it there.</summary>
internal sealed class CertificateWorker(CertificateStore certificates, TimeProvider time, ILogger<CertificateWorker> log) : BackgroundService
{
    /// <summary>Days before the end from which health and log warn.</summary>
    public const int WarningDays = 21;

    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
                Warn();
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void Warn()
    {
        foreach (var (file, names, expiry) in certificates.Expiring(WarningDays))
        {
            var left = (int)Math.Floor((expiry - time.GetUtcNow()).TotalDays);
            if (left < 0)
                log.LogWarning("Certificate {File} for {Names} has expired on {Expiry:yyyy-MM-dd}: clients that verify it go away. Renew it; it is read again by itself", file, names, expiry);
            else
                log.LogWarning("Certificate {File} for {Names} expires on {Expiry:yyyy-MM-dd}, in {Days} days. Renew it; it is read again by itself", file, names, expiry, left);
        }
    }
}
