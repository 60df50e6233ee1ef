namespace AgentMta.Protocol.Dns;

/// <summary>What is wrong in a master file, and in which line (from 1).</summary>
public sealed record ZoneFileError(int Line, string Message)
{
    public override string ToString() => $"line {Line}: {Message}";
}

/// <summary>The records of a master file in its order; an entry with an error is left out and told in <paramref name="Errors"/>.</summary>
public sealed record ZoneFileResult(IReadOnlyList<DnsRecord> Records, IReadOnlyList<ZoneFileError> Errors);
