using System.Globalization;

namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>Reads DMARC policy records (RFC 9989 4.7 and 4.8, RFC 7489 6.3 and 6.4): strict about the version, forgiving about the rest.</summary>
public static class DmarcRecordParser
{
    private const int MaxUris = 20;

    /// <summary>True for a record that begins with the exact version tag; anything else at the name is not DMARC's.</summary>
    public static bool IsDmarc(string text)
    {
        // dmarc-version = "v" *WSP "=" *WSP %s"DMARC1"
        var rest = text.AsSpan();
        if (rest.IsEmpty || rest[0] is not ('v' or 'V'))
            return false;
        rest = rest[1..].TrimStart(" \t");
        if (rest.IsEmpty || rest[0] != '=')
            return false;
        rest = rest[1..].TrimStart(" \t");
        if (!rest.StartsWith("DMARC1", StringComparison.Ordinal))
            return false;
        rest = rest["DMARC1".Length..].TrimStart(" \t");
        return rest.IsEmpty || rest[0] == ';';
    }

    /// <summary>Reads a record; null where it is not a DMARC record at all.</summary>
    public static DmarcRecord? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!IsDmarc(text))
            return null;

        var tags = new Tags();
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var semicolon = rest.IndexOf(';');
            var tag = semicolon < 0 ? rest : rest[..semicolon];
            rest = semicolon < 0 ? [] : rest[(semicolon + 1)..];
            var equals = tag.IndexOf('=');
            if (equals > 0)
                tags.Take(tag[..equals].Trim(" \t"), tag[(equals + 1)..].Trim(" \t"));
        }

        return new DmarcRecord(
            text, tags.P, tags.Sp, tags.Np, tags.SawSp && tags.Sp is null, tags.SawNp && tags.Np is null, tags.StrictDkim, tags.StrictSpf,
            tags.Psd, tags.Testing, tags.Percent, tags.Rua ?? [], tags.Ruf ?? [], tags.FailureOptions);
    }

    private static DmarcPolicy? PolicyOf(ReadOnlySpan<char> value) =>
        value.Equals("reject", StringComparison.OrdinalIgnoreCase) ? DmarcPolicy.Reject :
        value.Equals("quarantine", StringComparison.OrdinalIgnoreCase) ? DmarcPolicy.Quarantine :
        value.Equals("none", StringComparison.OrdinalIgnoreCase) ? DmarcPolicy.None : null;

    private static bool Is(ReadOnlySpan<char> value, char letter) => value.Length == 1 && char.ToLowerInvariant(value[0]) == letter;

    private static List<string> Uris(ReadOnlySpan<char> value)
    {
        var uris = new List<string>();
        foreach (var range in value.Split(','))
        {
            var uri = value[range].Trim(" \t");
            // obs-dmarc-report-size: "!" and a size, to be ignored.
            var size = uri.LastIndexOf('!');
            if (size > 0)
                uri = uri[..size];
            if (uris.Count < MaxUris && IsUri(uri))
                uris.Add(uri.ToString());
        }

        return uris;
    }

    // RFC 3986 3: scheme ":" and something visible behind it; a mailto needs an address.
    private static bool IsUri(ReadOnlySpan<char> uri)
    {
        var colon = uri.IndexOf(':');
        if (colon <= 0 || colon == uri.Length - 1 || !char.IsAsciiLetter(uri[0]) || uri.ContainsAnyExceptInRange('!', '~'))
            return false;
        foreach (var c in uri[..colon])
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
                return false;
        }

        if (!uri[..colon].Equals("mailto", StringComparison.OrdinalIgnoreCase))
            return true;
        var at = uri.LastIndexOf('@');
        return at > colon + 1 && at < uri.Length - 1;
    }

    /// <summary>The tags seen so far; of a repeated one the first counts.</summary>
    private ref struct Tags()
    {
        private bool _sawP, _sawAdkim, _sawAspf, _sawPsd, _sawT, _sawPct, _sawFo;

        public DmarcPolicy? P, Sp, Np;
        public bool SawSp, SawNp, StrictDkim, StrictSpf, Testing;
        public DmarcPsd Psd;
        public int Percent = 100;
        public List<string>? Rua, Ruf;
        public string FailureOptions = "0";

        public void Take(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
        {
            if (name.Length > 5)
                return;
            Span<char> lower = stackalloc char[name.Length];
            name.ToLowerInvariant(lower);
            switch (lower)
            {
                case "p" when First(ref _sawP):
                    P = PolicyOf(value);
                    break;
                case "sp" when First(ref SawSp):
                    Sp = PolicyOf(value);
                    break;
                case "np" when First(ref SawNp):
                    Np = PolicyOf(value);
                    break;
                case "adkim" when First(ref _sawAdkim):
                    StrictDkim = Is(value, 's');
                    break;
                case "aspf" when First(ref _sawAspf):
                    StrictSpf = Is(value, 's');
                    break;
                case "psd" when First(ref _sawPsd):
                    Psd = Is(value, 'y') ? DmarcPsd.Yes : Is(value, 'n') ? DmarcPsd.No : DmarcPsd.Unknown;
                    break;
                case "t" when First(ref _sawT):
                    Testing = Is(value, 'y');
                    break;
                case "pct" when First(ref _sawPct):
                    Percent = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= 100 ? n : 100;
                    break;
                case "rua":
                    Rua ??= Uris(value);
                    break;
                case "ruf":
                    Ruf ??= Uris(value);
                    break;
                case "fo" when First(ref _sawFo) && value.Length is > 0 and <= 16 && !value.ContainsAnyExceptInRange('!', '~'):
                    FailureOptions = value.ToString();
                    break;
            }
        }

        private static bool First(ref bool seen)
        {
            var first = !seen;
            seen = true;
            return first;
        }
    }
}
