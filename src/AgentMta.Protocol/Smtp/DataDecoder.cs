using System.Buffers;

namespace AgentMta.Protocol.Smtp;

/// <summary>
/// Turns the octets behind DATA (or in BDAT chunks) into the message, whatever way they arrive split: removes dot-stuffing, finds the one
/// end of data, and notes bare CR, bare LF and NUL. Nothing but CRLF "." CRLF ends the data (RFC 5321 4.1.1.4): this is what stops smuggling.
/// </summary>
public struct DataDecoder
{
    private static readonly SearchValues<byte> Notable = SearchValues.Create("\r\n\0"u8);

    private readonly bool _chunked;
    private readonly bool _repair;
    private Place _place;
    private bool _ended;
    private long _written;
    private long _lineStart;

    /// <summary>A decoder at the start of a message.</summary>
    /// <param name="chunked">BDAT: no dots, no end inside the octets (RFC 3030 2).</param>
    /// <param name="repair">A bare LF and a run of bare CRs become one CRLF each instead of being kept.</param>
    public DataDecoder(bool chunked, bool repair)
    {
        _chunked = chunked;
        _repair = repair;
        _place = chunked ? Place.Text : Place.LineStart;
        FirstFault = -1;
    }

    private enum Place : byte
    {
        Text,
        Cr,
        LineStart,
        Dot,
        DotCr,
    }

    /// <summary>The end of data was found; what follows are commands.</summary>
    public readonly bool Ended => _ended;

    /// <summary>CRs that no LF followed.</summary>
    public long BareCr { get; private set; }

    /// <summary>LFs that no CR preceded.</summary>
    public long BareLf { get; private set; }

    /// <summary>NUL octets; they are kept, never removed: removing them could make an end of data.</summary>
    public long Nul { get; private set; }

    /// <summary>Octets of the longest line, without its CRLF; chunked data may end within one, which counts once <see cref="CompleteChunks"/> is called.</summary>
    public long LongestLine { get; private set; }

    /// <summary>Offset within the message of the first bare CR or LF; -1 where there is none.</summary>
    public long FirstFault { get; private set; }

    /// <summary>Octets the output must have room for, given that much input.</summary>
    public readonly int MaxOutput(int input) => _repair ? checked((input * 2) + 2) : checked(input + 2);

    /// <summary>Decodes until the input is used up or the data ended; returns how much of the input was consumed.</summary>
    public int Decode(ReadOnlySpan<byte> input, Span<byte> output, out int written)
    {
        var at = 0;
        var to = 0;
        while (at < input.Length && !_ended)
        {
            switch (_place)
            {
                case Place.Text:
                    var run = OrdinaryRun(input[at..], _written + to);
                    input.Slice(at, run).CopyTo(output[to..]);
                    at += run;
                    to += run;
                    if (at < input.Length)
                        TextOctet(input[at++], output, ref to);
                    break;
                case Place.Cr when input[at] == '\n':
                    if (_repair)
                        output[to++] = (byte)'\r';
                    output[to++] = (byte)'\n';
                    at++;
                    LongestLine = Math.Max(LongestLine, _written + to - 2 - _lineStart);
                    _lineStart = _written + to;
                    _place = _chunked ? Place.Text : Place.LineStart;
                    break;
                case Place.Cr:
                    BareCrSeen(ref at, input[at], output, ref to);
                    break;
                case Place.LineStart:
                    _place = input[at] == '.' ? Place.Dot : Place.Text;
                    at += _place == Place.Dot ? 1 : 0;
                    break;
                case Place.Dot: // RFC 5321 4.5.2: the first dot of a line is removed where more follows
                    _place = input[at] == '\r' ? Place.DotCr : Place.Text;
                    at += _place == Place.DotCr ? 1 : 0;
                    break;
                case Place.DotCr when input[at] == '\n':
                    at++;
                    _ended = true;
                    break;
                case Place.DotCr: // ". CR" and anything else: the CR was content
                    if (!_repair)
                        output[to++] = (byte)'\r';
                    _place = Place.Cr;
                    break;
            }
        }

        written = to;
        _written += to;
        return at;
    }

    /// <summary>Ends chunked data: a CR at its very end is bare, and what stands behind the last CRLF is a line.</summary>
    public void CompleteChunks()
    {
        LongestLine = Math.Max(LongestLine, _written - _lineStart);
        if (_place != Place.Cr)
            return;
        BareCr++;
        if (FirstFault < 0)
            FirstFault = _written - (_repair ? 0 : 1);
    }

    // How much can be copied as it is: text and whole line ends whose next line is in sight and does not begin with a dot. This is nearly all of any message.
    private int OrdinaryRun(ReadOnlySpan<byte> input, long position)
    {
        var run = 0;
        while (true)
        {
            var next = input[run..].IndexOfAny(Notable);
            if (next < 0)
                return input.Length;
            run += next;
            if (input[run] != '\r' || run + 2 >= input.Length || input[run + 1] != '\n' || (!_chunked && input[run + 2] == '.'))
                return run;
            LongestLine = Math.Max(LongestLine, position + run - _lineStart);
            run += 2;
            _lineStart = position + run;
        }
    }

    private void TextOctet(byte octet, Span<byte> output, ref int to)
    {
        switch (octet)
        {
            case (byte)'\r':
                if (!_repair)
                    output[to++] = octet;
                _place = Place.Cr;
                break;
            case (byte)'\n':
                BareLf++;
                Fault(to);
                if (_repair)
                    output[to++] = (byte)'\r';
                output[to++] = octet; // the next line does not count as one: a dot there neither ends the data nor is removed
                break;
            default:
                Nul++;
                output[to++] = octet;
                break;
        }
    }

    private void BareCrSeen(ref int at, byte next, Span<byte> output, ref int to)
    {
        BareCr++;
        Fault(_repair ? to : to - 1); // unrepaired, the CR was already written
        if (_repair && next == '\r')
        {
            at++; // CR CR LF is one line end
            return;
        }

        if (_repair)
        {
            output[to++] = (byte)'\r';
            output[to++] = (byte)'\n';
        }

        _place = Place.Text;
    }

    private void Fault(int to)
    {
        if (FirstFault < 0)
            FirstFault = _written + to;
    }
}
