using System.Text;

namespace AgentMta.Protocol.Dns;

/// <summary>
/// Reads master files (RFC 1035 5, with $TTL of RFC 2308 4 and the generic forms of RFC 3597 5), as BIND, NSD and the export buttons of
/// registrars write them. $INCLUDE and $GENERATE are errors: a zone here is one finite text.
/// </summary>
public sealed class ZoneFileParser
{
    // A file of another kind, given by mistake, need not be reported line by line.
    private const int MaxErrors = 100;

    private readonly List<DnsRecord> _records = [];
    private readonly List<ZoneFileError> _errors = [];
    private string _origin;
    private uint _ttl;
    private bool _ttlDeclared;
    private string? _owner;

    private ZoneFileParser(string origin, uint ttl) => (_origin, _ttl) = (origin, ttl);

    /// <summary>Reads a whole file. Octets over 0x7F are kept in strings and refused in names.</summary>
    /// <param name="file">The file's octets.</param>
    /// <param name="origin">What relative names end in before the first $ORIGIN; the root where not given.</param>
    /// <param name="defaultTtl">The TTL, in seconds, of records before the first $TTL that have none.</param>
    public static ZoneFileResult Parse(ReadOnlySpan<byte> file, string origin = "", uint defaultTtl = 3600)
    {
        if (!DnsName.TryNormalize(origin, out var normalized))
            return new ZoneFileResult([], [new ZoneFileError(0, $"the origin '{origin}' is not a name")]);
        var parser = new ZoneFileParser(normalized, defaultTtl);
        var reader = new ZoneEntryReader(Encoding.Latin1.GetString(file));
        while (parser._errors.Count < MaxErrors && reader.Read() is { } entry)
        {
            if ((entry.Error?.Message ?? parser.Take(entry)) is { } message)
                parser._errors.Add(entry.Error ?? new ZoneFileError(entry.Line, message));
        }

        return new ZoneFileResult(parser._records, parser._errors);
    }

    // Each step returns what is wrong, or null.
    private string? Take(ZoneEntry entry) =>
        !entry.SameOwner && entry.Tokens[0].Text.StartsWith('$') ? TakeDirective(entry.Tokens) : TakeRecord(entry);

    private string? TakeDirective(List<ZoneToken> tokens)
    {
        switch (tokens[0].Text.ToUpperInvariant())
        {
            case "$ORIGIN" when tokens.Count == 2 && ZoneRecordParser.TryName(tokens[1], _origin, out var origin):
                _origin = origin;
                return null;
            case "$TTL" when tokens.Count == 2 && ZoneRecordParser.TrySeconds(tokens[1].Text, out var ttl):
                _ttl = ttl;
                _ttlDeclared = true;
                return null;
            case "$ORIGIN" or "$TTL":
                return $"{tokens[0].Text} takes one {(tokens[0].Text.Length == 4 ? "time" : "name")}";
            default:
                return $"{Shown(tokens[0])} is not supported";
        }
    }

    private string? TakeRecord(ZoneEntry entry)
    {
        var tokens = entry.Tokens;
        var at = 0;
        if (!entry.SameOwner)
        {
            // A bad owner must not leave the entries below it to the owner above.
            _owner = null;
            if (!ZoneRecordParser.TryName(tokens[at++], _origin, out var owner))
                return $"the owner {Shown(tokens[0])} is not a name";
            _owner = owner;
        }

        if (_owner is null)
            return "the entry has no owner";

        // RFC 1035 5.1: TTL and class, each optional, in either order.
        uint? ttl = null;
        var hasClass = false;
        for (; at < tokens.Count; at++)
        {
            var word = tokens[at].Text;
            if (!hasClass && ZoneRecordParser.IsClass(word, out var supported))
            {
                if (!supported)
                    return "only class IN is supported";
                hasClass = true;
            }
            else if (ttl is null && word.Length > 0 && char.IsAsciiDigit(word[0]) && ZoneRecordParser.TrySeconds(word, out var seconds))
            {
                ttl = seconds;
            }
            else
            {
                break;
            }
        }

        if (at == tokens.Count)
            return "the entry has no type";
        if (!ZoneRecordParser.TryType(tokens[at].Text, out var type))
            return $"the type {Shown(tokens[at])} is not supported; write it as TYPEnnn \\# length hex (RFC 3597)";
        // RFC 1035 5.1: without $TTL an omitted TTL is the last one stated.
        if (ttl is { } stated && !_ttlDeclared)
            _ttl = stated;
        var parser = new ZoneRecordParser(tokens, at + 1, _origin);
        if (parser.Parse(_owner, type, ttl ?? _ttl) is not { } record)
            return parser.Error;
        _records.Add(record);
        return null;
    }

    private static string Shown(ZoneToken token) => token.Text.Length > 60 ? $"'{token.Text.AsSpan(0, 60)}…'" : $"'{token.Text}'";
}
