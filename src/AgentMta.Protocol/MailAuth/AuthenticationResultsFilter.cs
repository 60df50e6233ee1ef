using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Finds Authentication-Results fields of a message that pretend to be ours, so that nobody downstream believes them (RFC 8601 5).</summary>
public static class AuthenticationResultsFilter
{
    /// <summary>Byte ranges of whole fields, top to bottom, that carry one of our authserv-ids; a field whose id cannot be read counts where it contains one.</summary>
    public static IReadOnlyList<(int Offset, int Length)> FindOwn(ReadOnlyMemory<byte> message, IReadOnlyCollection<string> authservIds)
    {
        ArgumentNullException.ThrowIfNull(authservIds);
        List<(int, int)>? found = null;
        foreach (var field in HeaderList.Parse(message))
        {
            if (field.Is("Authentication-Results") && IsOwn(field.RawValue.Span, authservIds))
                (found ??= []).Add((field.Offset, field.Length));
        }

        return found ?? (IReadOnlyList<(int, int)>)[];
    }

    private static bool IsOwn(ReadOnlySpan<byte> value, IReadOnlyCollection<string> authservIds)
    {
        var results = AuthenticationResultsParser.Parse(value);
        foreach (var own in authservIds)
        {
            if (results is null ? Contains(value, own) : Same(results.AuthservId, own))
                return true;
        }

        return false;
    }

    private static bool Same(string claimed, string own) =>
        claimed.Equals(own, StringComparison.OrdinalIgnoreCase) || (MailDomain.Normalize(claimed) is { } name && name == MailDomain.Normalize(own));

    private static bool Contains(ReadOnlySpan<byte> value, string own) =>
        own.Length > 0 && System.Text.Encoding.Latin1.GetString(value).Contains(own, StringComparison.OrdinalIgnoreCase);
}
