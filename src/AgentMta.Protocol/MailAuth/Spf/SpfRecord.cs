namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>The mechanisms of RFC 7208 5.</summary>
internal enum SpfMechanism
{
    All,
    Include,
    A,
    Mx,
    Ptr,
    Ip4,
    Ip6,
    Exists,
}

/// <summary>One mechanism with its qualifier, checked against the grammar but not yet expanded.</summary>
/// <param name="Qualifier">Result where it matches (RFC 7208 4.6.2).</param>
/// <param name="Mechanism">Which mechanism.</param>
/// <param name="Record">The record that it stands in.</param>
/// <param name="Place">Where it stands there.</param>
/// <param name="DomainSpec">The domain-spec with macros; null where the current domain is meant.</param>
/// <param name="Network">The network of ip4 and ip6, right-aligned.</param>
/// <param name="Prefix4">Prefix length for IPv4.</param>
/// <param name="Prefix6">Prefix length for IPv6.</param>
internal readonly record struct SpfDirective(
    SpfStatus Qualifier, SpfMechanism Mechanism, string Record, Range Place, string? DomainSpec, UInt128 Network, int Prefix4, int Prefix6)
{
    /// <summary>As published.</summary>
    public string Text => Record[Place];

    /// <summary>RFC 7208 4.6.4: these count towards the limit of ten.</summary>
    public bool NeedsDns => Mechanism is not (SpfMechanism.All or SpfMechanism.Ip4 or SpfMechanism.Ip6);
}

/// <summary>A syntactically right record: directives in order and the two modifiers that mean something.</summary>
internal sealed record SpfRecord(List<SpfDirective> Directives, string? Redirect, string? Explanation);
