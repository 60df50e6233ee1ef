using System.Buffers;
using System.Globalization;
using System.Text;
using AgentMta.Protocol.Addresses;

namespace AgentMta.Protocol.Mime;

/// <summary>Writes header fields, folded at 76 where they can be and never over 998 (RFC 5322 2.1.1); no value can begin a field of its own.</summary>
internal sealed class HeaderWriter(IBufferWriter<byte> output)
{
    private const int SoftLimit = 76;
    private const int HardLimit = 998;

    /// <summary>Unstructured text; encoded words where needed.</summary>
    public void Text(string name, string value) => Words(name, EncodedWordWriter.Text(value));

    /// <summary>A value that is written as it is when it is US-ASCII, such as a list of URLs.</summary>
    public void Verbatim(string name, string value)
    {
        value = EncodedWordWriter.OneLine(value).Trim();
        Words(name, Ascii.IsValid(value) ? value : EncodedWordWriter.Text(value));
    }

    public void Addresses(string name, IReadOnlyList<MailAddress> addresses)
    {
        if (addresses.Count > 0)
            Words(name, string.Join(", ", addresses.Select(AddressSpec)));
    }

    public void Ids(string name, IEnumerable<string> ids)
    {
        var value = string.Join(' ', ids.Where(IsId));
        if (value.Length > 0)
            Words(name, value);
    }

    // RFC 5322 3.3
    public void Date(string name, DateTimeOffset date) =>
        Words(name, date.ToString("ddd, dd MMM yyyy HH:mm:ss ", CultureInfo.InvariantCulture) + date.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal));

    /// <summary>A value with parameters, each on a line of its own where the first line is full.</summary>
    public void Parameters(string name, string value, IEnumerable<string> parameters)
    {
        var line = new StringBuilder(name).Append(": ").Append(value);
        var length = line.Length;
        foreach (var parameter in parameters)
        {
            line.Append(';');
            if (length + parameter.Length + 2 > SoftLimit)
            {
                line.Append("\r\n\t");
                length = 1;
            }
            else
            {
                line.Append(' ');
                length += 2;
            }

            line.Append(parameter);
            length += parameter.Length;
        }

        Write(line.Append("\r\n").ToString());
    }

    /// <summary>RFC 5322 3.6.4: a Message-ID as it can stand in a field.</summary>
    public static bool IsId(string id) =>
        id.Length is > 4 and < 900 && id[0] == '<' && id[^1] == '>' && id.IndexOf('@', StringComparison.Ordinal) > 1
        && id.AsSpan(1, id.Length - 2).IndexOfAnyExceptInRange('!', '~') < 0 && id.AsSpan(1, id.Length - 2).IndexOfAny('<', '>') < 0;

    /// <summary>RFC 2045 7, without the angle brackets; one without "@" is common and harmless.</summary>
    public static bool IsContentId(string id) =>
        id.Length is > 0 and < 900 && id.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 && id.AsSpan().IndexOfAny('<', '>') < 0;

    private void Words(string name, string value)
    {
        var line = new StringBuilder(name).Append(':');
        var length = line.Length;
        foreach (var word in value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Length > HardLimit - 2)
                throw new ArgumentException($"The value of {name} holds a word that is too long for a line.", nameof(value));
            if (length + 1 + word.Length > SoftLimit && length > name.Length + 1 || length + 1 + word.Length > HardLimit)
            {
                line.Append("\r\n");
                length = 0;
            }

            line.Append(' ').Append(word);
            length += word.Length + 1;
        }

        if (length == name.Length + 1)
            line.Append(' ');
        Write(line.Append("\r\n").ToString());
    }

    // A domain goes as A-labels unless the local part needs SMTPUTF8 anyway.
    private static string AddressSpec(MailAddress address)
    {
        var mailbox = Mailbox.Parse(address.Address) ?? throw new ArgumentException($"'{address.Address}' is no address to write to.", nameof(address));
        return (address with { LocalPart = mailbox.LocalPart, Domain = mailbox.Domain }).ToString();
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, output);
}
