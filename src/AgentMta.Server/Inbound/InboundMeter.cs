using System.Diagnostics.Metrics;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>Counts what leaves no row: connections, octets, refusals, TLS.</summary>
internal sealed class InboundMeter : IDisposable
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string Name = "AgentMta.Inbound";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _connections;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _messages;
    private readonly Counter<long> _octets;
    private readonly Counter<long> _tls;
    private readonly Counter<long> _auth;

    /// <summary>Makes the instruments; the gauges read the given state when asked.</summary>
    public InboundMeter(ConnectionLimits limits, CertificateStore certificates)
    {
        _connections = _meter.CreateCounter<long>("agentmta.inbound.connections", description: "Connections accepted");
        _rejected = _meter.CreateCounter<long>("agentmta.inbound.connections_rejected", description: "Connections refused before a session began");
        _refused = _meter.CreateCounter<long>("agentmta.inbound.commands_refused", description: "Commands answered 4yz or 5yz");
        _messages = _meter.CreateCounter<long>("agentmta.inbound.messages", description: "Messages at end of data, by outcome");
        _octets = _meter.CreateCounter<long>("agentmta.inbound.message_octets", "By", "Octets of messages");
        _tls = _meter.CreateCounter<long>("agentmta.inbound.tls_handshakes", description: "TLS handshakes, by outcome");
        _auth = _meter.CreateCounter<long>("agentmta.inbound.authentications", description: "AUTH attempts, by outcome");
        _meter.CreateObservableGauge("agentmta.inbound.connections_open", () => limits.Open, description: "Connections now open");
        _meter.CreateObservableGauge("agentmta.tls.certificate_days_left", () => certificates.DaysLeft(), "d", "Days until the first certificate expires");
    }

    public void Connected(DoorRole role) => _connections.Add(1, Role(role));

    public void Rejected(string reason) => _rejected.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void CommandRefused(int code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code));

    public void Message(DoorRole role, bool accepted, long octets)
    {
        _messages.Add(1, Role(role), new KeyValuePair<string, object?>("outcome", accepted ? "accepted" : "refused"));
        _octets.Add(octets, Role(role));
    }

    public void Tls(string outcome) => _tls.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Authentication(bool passed) => _auth.Add(1, new KeyValuePair<string, object?>("outcome", passed ? "passed" : "failed"));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Role(DoorRole role) => new("role", role == DoorRole.Mx ? "mx" : "submission");
}
