using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.Support;

/// <summary>DNS as a map from names to text records; what is not listed does not exist. Counts what was asked.</summary>
internal sealed class NameTable : IDnsLookup
{
    private readonly Dictionary<string, DnsAnswer> _answers = new(StringComparer.OrdinalIgnoreCase);

    public List<string> Asked { get; } = [];

    public NameTable Text(string name, params string[] records)
    {
        _answers[name] = new DnsAnswer(DnsStatus.Ok, [.. records.Select(r => new TxtRecord(name, 300, r))], true, 300, name);
        return this;
    }

    public NameTable Status(string name, DnsStatus status)
    {
        _answers[name] = DnsAnswer.Empty(status, name);
        return this;
    }

    public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
    {
        Asked.Add(name);
        name = name.TrimEnd('.');
        return ValueTask.FromResult(_answers.TryGetValue(name, out var answer) ? answer : DnsAnswer.Empty(DnsStatus.NameError, name));
    }
}
