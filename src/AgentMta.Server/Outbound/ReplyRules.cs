using AgentMta.Protocol.Addresses;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>Recipients of a message, each address once.</summary>
internal sealed record RecipientSet(IReadOnlyList<MailAddress> To, IReadOnlyList<MailAddress> Cc, IReadOnlyList<MailAddress> Bcc)
{
    public IEnumerable<MailAddress> All => To.Concat(Cc).Concat(Bcc);
}

/// <summary>Who gets an answer and what it is called (RFC 5322 3.6.3, agentmail-api.md section 8). Pure.</summary>
internal static class ReplyRules
{
    /// <summary>
    /// Recipients of a reply: what the caller gave wins for To, and is added for Cc and Bcc. Otherwise Reply-To or From of the message answered; for one that
    /// we sent ourselves, its To. A reply to all adds the rest of To, and Cc. Our own address never is among them, unless the caller named it.
    /// </summary>
    public static RecipientSet Recipients(SubmissionKind kind, TargetMessage target, string own, IReadOnlyList<MailAddress>? to, IReadOnlyList<MailAddress>? cc, IReadOnlyList<MailAddress>? bcc)
    {
        var ours = target.Direction == MessageDirection.Out;
        var first = ours ? Parse(target.To) : Parse(target.ReplyTo) is { Count: > 0 } replyTo ? replyTo : Parse([target.From]);
        var (toAll, ccAll) = (new List<MailAddress>(), new List<MailAddress>());
        if (to is { Count: > 0 })
            toAll.AddRange(to);
        else
            toAll.AddRange(Without(first, own));
        if (kind == SubmissionKind.ReplyAll)
        {
            if (!ours)
                toAll.AddRange(Without(Parse(target.To), own));
            ccAll.AddRange(Without(Parse(target.Cc), own));
        }

        ccAll.AddRange(cc ?? []);
        return Distinct(toAll, ccAll, bcc ?? []);
    }

    /// <summary>Each address once, in the most visible field that has it.</summary>
    public static RecipientSet Distinct(IReadOnlyList<MailAddress> to, IReadOnlyList<MailAddress> cc, IReadOnlyList<MailAddress> bcc)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return new RecipientSet(Once(to), Once(cc), Once(bcc));

        List<MailAddress> Once(IReadOnlyList<MailAddress> addresses) => [.. addresses.Where(a => seen.Add(AddressText.Key(a)))];
    }

    /// <summary>"Re: …" unless it is there already.</summary>
    public static string ReplySubject(string? subject) => Prefixed("Re: ", ["re:"], subject);

    /// <summary>"Fwd: …" unless it is there already.</summary>
    public static string ForwardSubject(string? subject) => Prefixed("Fwd: ", ["fwd:", "fw:"], subject);

    private static string Prefixed(string prefix, string[] known, string? subject)
    {
        var text = subject?.Trim() ?? "";
        return known.Any(k => text.StartsWith(k, StringComparison.OrdinalIgnoreCase)) ? text : prefix + text;
    }

    private static List<MailAddress> Parse(IReadOnlyList<string> addresses) => [.. addresses.Select(AddressText.Parse).OfType<MailAddress>()];

    private static IEnumerable<MailAddress> Without(IEnumerable<MailAddress> addresses, string own) => addresses.Where(a => !IsOwn(AddressText.Key(a), own));

    // Mail for name+tag@ comes to the inbox name@ (RFC 5233): it is ours like the plain address.
    private static bool IsOwn(string address, string own)
    {
        var at = own.LastIndexOf('@');
        return address == own
            || (at > 0 && address.Length > own.Length && address[at] == '+' && address.StartsWith(own[..at], StringComparison.Ordinal) && address.AsSpan(address.LastIndexOf('@')).SequenceEqual(own.AsSpan(at)));
    }
}
