using System.Diagnostics.Metrics;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>Counts what leaves no row: connections, octets, refusals, TLS.</summary>
internal sealed class InboundMeter : IDisposable
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string Name = "AgentMta.Inbound";

    private static readonly string[] Outcomes = ["accepted", "deferred", "refused"];

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _connections;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _messages;
    private readonly Counter<long> _octets;
    private readonly Histogram<double> _reply;
    private readonly Counter<long> _tls;
    private readonly Counter<long> _auth;

    /// <summary>Makes the instruments; the gauges read the given state when asked.</summary>
    public InboundMeter(ConnectionLimits limits, CertificateStore certificates)
    {
        _connections = _meter.CreateCounter<long>("agentmta.inbound.connections", "{connection}", "SMTP connections, those that are rejected too");
        _rejected = _meter.CreateCounter<long>("agentmta.inbound.connections_rejected", "{connection}", "SMTP connections refused before a session began");
        _refused = _meter.CreateCounter<long>("agentmta.inbound.commands_refused", "{command}", "SMTP commands answered 4yz or 5yz, recipients and messages among them, by reply code and enhanced status");
        _messages = _meter.CreateCounter<long>("agentmta.inbound.messages", "{message}", "Messages at end of data");
        _octets = _meter.CreateCounter<long>("agentmta.inbound.received", "By", "Octets of messages, those that were refused at end of data too");
        _reply = _meter.CreateHistogram(
            "agentmta.inbound.reply.duration", "s", "From end of data to the reply: checks, gates, storing", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
        _tls = _meter.CreateCounter<long>("agentmta.inbound.tls_handshakes", "{handshake}", "TLS handshakes of SMTP, by version or failed");
        _auth = _meter.CreateCounter<long>("agentmta.inbound.authentications", "{attempt}", "AUTH attempts");
        _meter.CreateObservableGauge("agentmta.inbound.connections_open", () => limits.Open, "{connection}", "SMTP connections now open");
        _meter.CreateObservableGauge(
            "agentmta.tls.certificate_expiry_timestamp", () => certificates.Expiries.Select(c => new Measurement<double>(c.Expiry.ToUnixTimeSeconds(), new KeyValuePair<string, object?>("file", c.File))), "s",
            "When each certificate expires, in seconds since 1970");
        _meter.CreateObservableGauge("agentmta.tls.certificate_faults", () => certificates.Faults.Count, "{file}", "Changed certificate files that cannot be used; what was loaded before stays in use");
        Begin();
    }

    public void Connected(DoorRole role) => _connections.Add(1, Role(role));

    public void Rejected(string reason) => _rejected.Add(1, Tag("reason", reason));

    public void CommandRefused(SmtpReply reply) => _refused.Add(1, Tag("code", reply.Code), Tag("status", reply.EnhancedStatus ?? "none"));

    public void Message(DoorRole role, SmtpReply reply, long octets, TimeSpan elapsed)
    {
        _messages.Add(1, Role(role), Tag("outcome", reply.IsPositive ? Outcomes[0] : reply.IsTransient ? Outcomes[1] : Outcomes[2]));
        _octets.Add(octets, Role(role));
        _reply.Record(elapsed.TotalSeconds, Role(role));
    }

    public void Tls(string outcome) => _tls.Add(1, Tag("outcome", outcome));

    public void Authentication(bool passed) => _auth.Add(1, Tag("outcome", passed ? "passed" : "failed"));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    // A series that begins with its first event shows no increase at it: what alarms ask for is there from the start.
    private void Begin()
    {
        foreach (var role in new[] { DoorRole.Mx, DoorRole.Submission })
        {
            _connections.Add(0, Role(role));
            _octets.Add(0, Role(role));
            foreach (var outcome in Outcomes)
                _messages.Add(0, Role(role), Tag("outcome", outcome));
        }

        foreach (var reason in new[] { "cap", "network", "proxy" })
            _rejected.Add(0, Tag("reason", reason));
        _tls.Add(0, Tag("outcome", "failed"));
        _auth.Add(0, Tag("outcome", "passed"));
        _auth.Add(0, Tag("outcome", "failed"));
    }

    private static KeyValuePair<string, object?> Role(DoorRole role) => Tag("role", role == DoorRole.Mx ? "mx" : "submission");

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
