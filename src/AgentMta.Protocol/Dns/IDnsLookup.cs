namespace AgentMta.Protocol.Dns;

/// <summary>The one way from the rules of mail to DNS; a resolver, a zone overlay and the tests' maps of names stand behind it.</summary>
public interface IDnsLookup
{
    /// <summary>Asks for one type at one name, following CNAMEs. Names may have a trailing dot and any case; A-labels (RFC 5890) only. Throws nothing but on cancellation.</summary>
    ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken);
}
