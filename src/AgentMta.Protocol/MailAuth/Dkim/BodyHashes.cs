namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>The hash of a canonical body up to a limit, and how long the body is altogether.</summary>
internal sealed record BodyHash(byte[] Hash, long Length);

/// <summary>The body hashes that the signatures of one message need: one pass for each canonicalisation, however many signatures and limits there are.</summary>
internal sealed class BodyHashes(ReadOnlyMemory<byte> body)
{
    private readonly List<long>?[] _limits = new List<long>?[2];
    private readonly BodyHash[]?[] _hashes = new BodyHash[]?[2];

    /// <summary>Announces a hash before any is taken; <paramref name="limit"/> null means the whole body.</summary>
    public void Request(DkimCanonicalization how, long? limit)
    {
        if (_hashes[(int)how] is not null)
            throw new InvalidOperationException("A hash is asked for behind the pass that would have made it.");
        var limits = _limits[(int)how] ??= new List<long>(1);
        var place = limits.BinarySearch(limit ?? long.MaxValue);
        if (place < 0)
            limits.Insert(~place, limit ?? long.MaxValue);
    }

    public BodyHash Get(DkimCanonicalization how, long? limit)
    {
        var limits = _limits[(int)how]!;
        var hashes = _hashes[(int)how] ??= Compute(how, limits);
        return hashes[limits.BinarySearch(limit ?? long.MaxValue)];
    }

    private BodyHash[] Compute(DkimCanonicalization how, List<long> limits)
    {
        using var pass = new Pass(limits);
        var span = body.Span;
        if (how == DkimCanonicalization.Simple)
            AppendSimple(pass, span);
        else
            AppendRelaxed(pass, span);
        return pass.Finish();
    }

    // RFC 6376 3.4.3: empty lines at the end are dropped, and one line end stands for them all.
    private static void AppendSimple(Pass pass, ReadOnlySpan<byte> body)
    {
        var end = body.Length;
        while (end > 0 && body[end - 1] == '\n')
            end -= end > 1 && body[end - 2] == '\r' ? 2 : 1;
        body = body[..end];
        // A run goes on as long as its octets are canonical already, so that ordinary bodies are hashed in place.
        var runStart = 0;
        var position = 0;
        while ((position = CanonicalScan.IndexOfBareLineFeed(body, position)) >= 0)
        {
            pass.Append(body[runStart..position]);
            pass.Append("\r\n"u8);
            runStart = ++position;
        }

        pass.Append(body[runStart..]);
        pass.Append("\r\n"u8);
    }

    // RFC 6376 3.4.4: white space at line ends goes, other white space becomes one space, empty lines at the end go; an empty body stays empty.
    private static void AppendRelaxed(Pass pass, ReadOnlySpan<byte> body)
    {
        var end = RelaxedEnd(body);
        if (end == 0)
            return;
        body = body[..end];
        var runStart = 0;
        var position = 0;
        while (position < body.Length)
        {
            // Whole lines in front of it are canonical as they are.
            var suspect = CanonicalScan.IndexOfUnrelaxed(body, position);
            if (suspect == body.Length)
                break;
            position += body[position..suspect].LastIndexOf((byte)'\n') + 1;
            var lineEnd = body[position..].IndexOf((byte)'\n');
            var next = lineEnd < 0 ? body.Length : position + lineEnd + 1;
            var hasLineEnd = lineEnd >= 0;
            var crlf = lineEnd > 0 && body[next - 2] == '\r';
            var line = body[position..(hasLineEnd ? next - (crlf ? 2 : 1) : next)];
            var relaxed = IsRelaxed(line);
            if (relaxed && (crlf || !hasLineEnd))
            {
                position = next;
                continue;
            }

            pass.Append(body[runStart..(relaxed ? position + line.Length : position)]);
            if (!relaxed)
                AppendRelaxedLine(pass, line);
            if (hasLineEnd)
                pass.Append("\r\n"u8);
            position = runStart = next;
        }

        pass.Append(body[runStart..]);
        pass.Append("\r\n"u8);
    }

    private static bool IsRelaxed(ReadOnlySpan<byte> line) =>
        line.IsEmpty || (line[^1] is not ((byte)' ' or (byte)'\t') && line.IndexOf((byte)'\t') < 0 && line.IndexOf("  "u8) < 0);

    // Goes from one spot that must change to the next: a tab, or a second space.
    private static void AppendRelaxedLine(Pass pass, ReadOnlySpan<byte> line)
    {
        line = line[..(line.LastIndexOfAnyExcept((byte)' ', (byte)'\t') + 1)];
        var position = 0;
        int tab = -1, spaces = -1;
        while (position < line.Length)
        {
            tab = Next(line, (byte)'\t', position, tab);
            spaces = NextDouble(line, position, spaces);
            var spot = Math.Min(tab, spaces);
            pass.Append(line[position..spot]);
            if (spot == line.Length)
                return;
            // A space before the tab is written already and stands for the run.
            if (spot == position || line[spot - 1] != ' ')
                pass.Append(" "u8);
            position = spot + line[spot..].IndexOfAnyExcept((byte)' ', (byte)'\t');
        }
    }

    // Each finds the next one at or behind the position, or the line's end, and searches again only when the last find is passed.
    private static int Next(ReadOnlySpan<byte> line, byte octet, int position, int known)
    {
        if (known >= position)
            return known;
        var next = line[position..].IndexOf(octet);
        return next < 0 ? line.Length : position + next;
    }

    private static int NextDouble(ReadOnlySpan<byte> line, int position, int known)
    {
        if (known >= position)
            return known;
        var next = line[position..].IndexOf("  "u8);
        return next < 0 ? line.Length : position + next;
    }

    private static int RelaxedEnd(ReadOnlySpan<byte> body)
    {
        var end = body.Length;
        while (end > 0)
        {
            var last = body[end - 1];
            if (last == '\n')
                end -= end > 1 && body[end - 2] == '\r' ? 2 : 1;
            else if (last is (byte)' ' or (byte)'\t')
                end--;
            else
                break;
        }

        return end;
    }

    /// <summary>One pass: the digest is read off at each limit, in ascending order; behind the last one octets are only counted.</summary>
    private sealed class Pass(List<long> limits) : IDisposable
    {
        private readonly CanonicalDigest _digest = new();
        private readonly byte[][] _hashes = new byte[limits.Count][];
        private int _next;
        private long _count;

        public void Append(ReadOnlySpan<byte> octets)
        {
            while (_next < limits.Count && limits[_next] - _count <= octets.Length)
            {
                var part = (int)(limits[_next] - _count);
                _digest.Append(octets[..part]);
                octets = octets[part..];
                _count += part;
                _hashes[_next++] = _digest.Current();
            }

            if (_next < limits.Count)
                _digest.Append(octets);
            _count += octets.Length;
        }

        public BodyHash[] Finish()
        {
            Append(default);
            // Limits behind the end of the body share its hash.
            var whole = _next < limits.Count ? _digest.Current() : [];
            var hashes = new BodyHash[limits.Count];
            for (var i = 0; i < hashes.Length; i++)
                hashes[i] = new BodyHash(i < _next ? _hashes[i] : whole, _count);
            return hashes;
        }

        public void Dispose() => _digest.Dispose();
    }
}
