using System.Text;
using AgentMta.Protocol.MailAuth.Dkim;

namespace AgentMta.Protocol.MailAuth.Arc;

/// <summary>The three fields of one instance, each an index into the header; -1 where it is missing.</summary>
internal sealed class ArcSet
{
    public int Results { get; set; } = -1;

    public SignatureField? Message { get; set; }

    public SignatureField? Seal { get; set; }

    public string? ResultsText { get; set; }
}

/// <summary>The ARC sets of a header by instance, and what is wrong with their structure (RFC 8617 5.2 steps 1 to 3).</summary>
internal sealed class ArcChain
{
    public const int MaxInstances = 50;

    private readonly SortedDictionary<int, ArcSet> _sets = [];

    private ArcChain(MessageHeader header) => Header = header;

    public MessageHeader Header { get; }

    public IReadOnlyDictionary<int, ArcSet> Sets => _sets;

    public bool IsEmpty { get; private set; } = true;

    public int Highest { get; private set; }

    /// <summary>Why the chain is broken before any signature is looked at; null where it is whole.</summary>
    public string? Fault { get; private set; }

    /// <summary>True where the header has a field of any set.</summary>
    public static bool IsPresent(MessageHeader header)
    {
        foreach (var field in header.Fields)
        {
            if (header.Is(field, "ARC-Seal") || header.Is(field, "ARC-Message-Signature") || header.Is(field, "ARC-Authentication-Results"))
                return true;
        }

        return false;
    }

    public static ArcChain Read(MessageHeader header)
    {
        var chain = new ArcChain(header);
        for (var i = 0; i < header.Fields.Count; i++)
            chain.Add(i);
        if (!chain.IsEmpty)
            chain.Fault ??= header.Fault;
        chain.Fault ??= chain.IsEmpty ? null : chain.StructureFault();
        return chain;
    }

    /// <summary>The hops for a report.</summary>
    public List<ArcSeal> Seals() =>
        [.. _sets.Select(s => new ArcSeal(s.Key, s.Value.Seal?.Domain, s.Value.Seal?.Selector, s.Value.Seal?.ChainValidation, s.Value.ResultsText))];

    private void Add(int index)
    {
        var field = Header.Fields[index];
        if (Header.Is(field, "ARC-Seal"))
        {
            var seal = SignatureField.Read(Header, index, SignatureKind.ArcSeal);
            if (SetOf(seal.Instance, "ARC-Seal") is { } set && Once(set.Seal is null, "ARC-Seal", seal.Instance))
                set.Seal = seal;
        }
        else if (Header.Is(field, "ARC-Message-Signature"))
        {
            var signature = SignatureField.Read(Header, index, SignatureKind.ArcMessage);
            if (SetOf(signature.Instance, "ARC-Message-Signature") is { } set && Once(set.Message is null, "ARC-Message-Signature", signature.Instance))
                set.Message = signature;
        }
        else if (Header.Is(field, "ARC-Authentication-Results"))
        {
            var (instance, text) = ReadResults(Header.Value(field).Span);
            if (SetOf(instance, "ARC-Authentication-Results") is { } set && Once(set.Results < 0, "ARC-Authentication-Results", instance))
                (set.Results, set.ResultsText) = (index, text);
        }
    }

    private ArcSet? SetOf(int instance, string name)
    {
        IsEmpty = false;
        if (instance == 0)
        {
            Fault ??= $"an {name} without a readable instance (i=1 to i={MaxInstances})";
            return null;
        }

        Highest = Math.Max(Highest, instance);
        if (!_sets.TryGetValue(instance, out var set))
            _sets[instance] = set = new ArcSet();
        return set;
    }

    private bool Once(bool first, string name, int instance)
    {
        if (!first)
            Fault ??= $"more than one {name} with i={instance}";
        return first;
    }

    private string? StructureFault()
    {
        // RFC 8617 5.2 step 2: a chain that failed once has failed for good.
        if (_sets[Highest].Seal?.ChainValidation == "fail")
            return $"the sealer of instance {Highest}, {_sets[Highest].Seal!.Domain}, had found the chain broken (cv=fail)";
        for (var i = 1; i <= Highest; i++)
        {
            if (!_sets.TryGetValue(i, out var set))
                return $"instance {i} is missing";
            if (set.Seal is null || set.Message is null || set.Results < 0)
                return $"instance {i} lacks its {(set.Seal is null ? "ARC-Seal" : set.Message is null ? "ARC-Message-Signature" : "ARC-Authentication-Results")}";
            if (set.Seal.Fault is not null)
                return $"ARC-Seal {i}: {set.Seal.Fault}";
            // RFC 8617 5.2 step 3: none for the first, pass for the others.
            if (set.Seal.ChainValidation != (i == 1 ? "none" : "pass"))
                return $"ARC-Seal {i} has cv={set.Seal.ChainValidation}, cv={(i == 1 ? "none" : "pass")} is needed";
        }

        return null;
    }

    // RFC 8617 4.1.1: "i=" instance ";" and an Authentication-Results payload.
    private static (int Instance, string? Text) ReadResults(ReadOnlySpan<byte> value)
    {
        var semicolon = value.IndexOf((byte)';');
        if (semicolon < 0 || value.Length > SignatureField.MaxLength)
            return (0, null);
        var tag = TagValue.Trim(value[..semicolon]);
        if (tag.IsEmpty || tag[0] != 'i')
            return (0, null);
        tag = TagValue.Trim(tag[1..]);
        if (tag.IsEmpty || tag[0] != '=' || !TagValue.TryNumber(TagValue.Trim(tag[1..]), 2, out var instance) || instance is < 1 or > MaxInstances)
            return (0, null);
        var text = Encoding.UTF8.GetString(TagValue.Trim(value[(semicolon + 1)..]));
        return ((int)instance, text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));
    }
}
