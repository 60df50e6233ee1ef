namespace AgentMta.Protocol.Dns;

/// <summary>One look-up that a verdict rests on, so that the verdict can be explained later.</summary>
/// <param name="Name">The name as it was asked.</param>
/// <param name="Type">The type asked for.</param>
/// <param name="Status">How the look-up ended.</param>
/// <param name="Ttl">Seconds that the answer is good for.</param>
/// <param name="Authenticated">The AD bit, from a resolver that is trusted to validate.</param>
/// <param name="Elapsed">Time that the asker waited.</param>
/// <param name="Records">Records in the answer.</param>
public sealed record DnsEvidence(string Name, DnsRecordType Type, DnsStatus Status, uint Ttl, bool Authenticated, TimeSpan Elapsed, int Records);
