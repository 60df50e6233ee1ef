using System.Text;

namespace AgentMta.Protocol.MailAuth;

/// <summary>One raw header field as a range of the message; <paramref name="NameLength"/> is 0 for a line that is no field.</summary>
/// <param name="Start">Offset of the name.</param>
/// <param name="NameLength">Octets of the name, white space before the colon left out.</param>
/// <param name="ValueStart">Offset behind the colon.</param>
/// <param name="End">Offset behind the field's last line end.</param>
internal readonly record struct HeaderField(int Start, int NameLength, int ValueStart, int End);

/// <summary>The header of a message as byte ranges, because signatures cover octets and not parsed values. Any LF, with or without CR, ends a line.</summary>
internal sealed class MessageHeader
{
    /// <summary>More fields than any real message has; those behind are not kept, and <see cref="Fault"/> tells.</summary>
    public const int MaxFields = 10_000;

    /// <summary>A longer header than any real message has: each signature hashes it again, so its length is bounded.</summary>
    public const int MaxOctets = 1024 * 1024;

    private readonly List<HeaderField> _fields;
    private int[]? _byName;

    private MessageHeader(ReadOnlyMemory<byte> message, List<HeaderField> fields, int bodyStart, string? fault)
    {
        Message = message;
        _fields = fields;
        BodyStart = bodyStart;
        Fault = fault;
    }

    public ReadOnlyMemory<byte> Message { get; }

    /// <summary>Top to bottom.</summary>
    public List<HeaderField> Fields => _fields;

    /// <summary>Why no signature over this header is judged or made; null for every ordinary message.</summary>
    public string? Fault { get; }

    /// <summary>Offset of the first octet behind the empty line; the length of the message where there is none.</summary>
    public int BodyStart { get; }

    public ReadOnlyMemory<byte> Body => Message[BodyStart..];

    public ReadOnlySpan<byte> Name(HeaderField field) => Message.Span.Slice(field.Start, field.NameLength);

    public ReadOnlyMemory<byte> Value(HeaderField field) => Message[field.ValueStart..field.End];

    public bool Is(HeaderField field, string name) => field.NameLength == name.Length && Ascii.EqualsIgnoreCase(Name(field), name);

    public static MessageHeader Read(ReadOnlyMemory<byte> message)
    {
        var span = message.Span;
        var fields = new List<HeaderField>(32);
        var position = 0;
        var tooMany = false;
        while (position < span.Length)
        {
            if (span[position] == '\n' || (span[position] == '\r' && position + 1 < span.Length && span[position + 1] == '\n'))
            {
                position += span[position] == '\n' ? 1 : 2;
                break;
            }

            var end = EndOfField(span, position);
            if (fields.Count == MaxFields)
                tooMany = true;
            else
                fields.Add(Split(span, position, end));
            position = end;
        }

        var fault = tooMany ? $"the header has more than {MaxFields} fields" : position > MaxOctets ? $"the header is longer than {MaxOctets} octets" : null;
        return new MessageHeader(message, fields, position, fault);
    }

    /// <summary>Field indexes of one name from the bottom up: the order in which h= consumes them (RFC 6376 5.4.2).</summary>
    public ArraySegment<int> FromBottom(ReadOnlySpan<char> name)
    {
        var order = _byName ??= SortByName();
        // Both ends by halving: there may be ten thousand fields of one name.
        var first = Bound(order, name, orEqual: false);
        return new ArraySegment<int>(order, first, Bound(order, name, orEqual: true) - first);
    }

    // How many of the sorted fields come before a name, or are not behind it.
    private int Bound(int[] order, ReadOnlySpan<char> name, bool orEqual)
    {
        int low = 0, high = order.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var compared = Compare(Name(_fields[order[middle]]), name);
            if (compared < 0 || (orEqual && compared == 0))
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private static int EndOfField(ReadOnlySpan<byte> span, int position)
    {
        while (true)
        {
            var lineEnd = span[position..].IndexOf((byte)'\n');
            if (lineEnd < 0)
                return span.Length;
            position += lineEnd + 1;
            // RFC 5322 2.2.3: a line that starts with white space continues the field.
            if (position >= span.Length || span[position] is not ((byte)' ' or (byte)'\t'))
                return position;
        }
    }

    private static HeaderField Split(ReadOnlySpan<byte> span, int start, int end)
    {
        var colon = span[start..end].IndexOf((byte)':');
        if (colon <= 0)
            return new HeaderField(start, 0, start, end);
        var length = colon;
        // RFC 5322 4.5: obsolete syntax has white space before the colon.
        while (length > 0 && span[start + length - 1] is (byte)' ' or (byte)'\t')
            length--;
        if (span.Slice(start, length).IndexOfAnyExceptInRange((byte)33, (byte)126) >= 0)
            length = 0;
        return new HeaderField(start, length, length == 0 ? start : start + colon + 1, end);
    }

    private int[] SortByName()
    {
        var order = new int[_fields.Count];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        Array.Sort(order, (a, b) =>
        {
            var names = Compare(Name(_fields[a]), Name(_fields[b]));
            return names != 0 ? names : b.CompareTo(a);
        });
        return order;
    }

    // Shorter names first, so that long names cost time only against names of their own length.
    private static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
            return a.Length - b.Length;
        for (var i = 0; i < a.Length; i++)
        {
            var difference = Lower(a[i]) - Lower(b[i]);
            if (difference != 0)
                return difference;
        }

        return 0;
    }

    private static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<char> b)
    {
        if (a.Length != b.Length)
            return a.Length - b.Length;
        for (var i = 0; i < a.Length; i++)
        {
            var difference = Lower(a[i]) - (b[i] is >= 'A' and <= 'Z' ? b[i] | 0x20 : b[i]);
            if (difference != 0)
                return difference;
        }

        return 0;
    }

    private static int Lower(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? b | 0x20 : b;
}
