using AgentMta.Protocol.Addresses;

namespace AgentMta.Server.Model;

/// <summary>An address as the store compares them: lower case, the domain in A-labels (RFC 5890).</summary>
/// <param name="Local">What stands before the last "@".</param>
/// <param name="Domain">What stands behind it.</param>
internal sealed record AddressParts(string Local, string Domain)
{
    /// <summary>The whole address.</summary>
    public string Address { get; } = $"{Local}@{Domain}";

    /// <summary>Reads "local@domain"; null where it has not that form.</summary>
    public static AddressParts? Read(string address)
    {
        var at = address.LastIndexOf('@');
        if (at < 1 || at == address.Length - 1)
            return null;
        var domain = DomainName.Normalise(address[(at + 1)..]);
        return domain is null ? null : new AddressParts(address[..at].ToLowerInvariant(), domain);
    }

    /// <summary>The comparable form of an address, or its lower case where it is none.</summary>
    public static string Normalise(string address) => Read(address)?.Address ?? address.ToLowerInvariant();
}
