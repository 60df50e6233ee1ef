namespace AgentMta.Protocol.MailAuth;

/// <summary>An Authentication-Results value as read (RFC 8601 2.2): who says it, and what about.</summary>
/// <param name="AuthservId">The authserv-id without quotes.</param>
/// <param name="Methods">One for each method, in order.</param>
public sealed record AuthenticationResults(string AuthservId, IReadOnlyList<AuthenticationMethodResult> Methods);

/// <summary>What one method found out (RFC 8601 2.2 resinfo).</summary>
/// <param name="Method">Name in lower case, without its version.</param>
/// <param name="Result">Result in lower case.</param>
/// <param name="Properties">Properties as ("header.from", "example.com"), names in lower case.</param>
public sealed record AuthenticationMethodResult(string Method, string Result, IReadOnlyList<KeyValuePair<string, string>> Properties)
{
    /// <summary>The first value of a property, or null.</summary>
    public string? Property(string name)
    {
        foreach (var (key, value) in Properties)
        {
            if (key == name)
                return value;
        }

        return null;
    }
}
