using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;

namespace AgentMta.Server.Model;

/// <summary>
/// How much of a message's header its rows keep, and with them each list, event and search: the header may have a mebibyte, a page a hundred messages. The raw keeps all.
/// </summary>
internal static class RowBounds
{
    /// <summary>Characters of a subject.</summary>
    public const int SubjectLength = 1000;

    /// <summary>RFC 5321 4.5.3.1: 64 octets of local part, "@" and 255 of domain. What is longer is nobody's address.</summary>
    public const int AddressLength = 320;

    /// <summary>Characters of the name beside an address.</summary>
    public const int NameLength = 200;

    /// <summary>Characters of one list, of addresses or of ids.</summary>
    public const int ListLength = 32 * 1024;

    /// <summary>What is decoded for them: the beginning of long texts, as Postfix's body checks look at; what an agent reads is decoded whole when it asks.</summary>
    public static readonly ReadBounds Content = ReadBounds.Glance(plainOctets: 40 * 1024);

    private const int ListItems = 1000;

    /// <summary>The subject, or its beginning; null where there is none.</summary>
    public static string? Subject(string subject) => subject.Length == 0 ? null : Beginning(subject, SubjectLength);

    /// <summary>The first author as shown; null where there is none that could be one. A part of an address would be another's, so that it is whole or not there.</summary>
    public static string? Author(IReadOnlyList<MailAddress> from) => from is [var first, ..] ? Shown(first) : null;

    /// <summary>The first of the addresses as shown.</summary>
    public static IReadOnlyList<string> People(IReadOnlyList<MailAddress> addresses)
    {
        if (addresses.Count == 0)
            return [];
        var people = new List<string>(Math.Min(addresses.Count, ListItems));
        var left = ListLength;
        foreach (var address in addresses)
        {
            if (Shown(address) is not { } shown)
                continue;
            left -= shown.Length;
            if (left < 0 || people.Count == ListItems)
                break;
            people.Add(shown);
        }

        return people;
    }

    /// <summary>The first of the ids, which is the root of its thread, and the newest.</summary>
    public static IReadOnlyList<string> References(IReadOnlyList<string> ids)
    {
        if (ids.Count == 0)
            return [];
        var left = ListLength - ids[0].Length;
        var from = ids.Count;
        while (from > 1 && ids.Count - from < ListItems - 1 && (left -= ids[from - 1].Length) >= 0)
            from--;
        return from == 1 ? ids : [ids[0], .. ids.Skip(from)];
    }

    private static string? Shown(MailAddress address)
    {
        if (address.LocalPart.Length + address.Domain.Length + 1 > AddressLength)
            return null;
        return (address.DisplayName.Length <= NameLength ? address : address with { DisplayName = Beginning(address.DisplayName, NameLength) }).ToDisplay();
    }

    private static string Beginning(string text, int length)
    {
        if (text.Length <= length)
            return text;
        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)].TrimEnd();
    }
}
