using System.Buffers;

namespace AgentMta.Protocol.Smtp;

/// <summary>Turns a message into the octets behind DATA: dots stuffed (RFC 5321 4.5.2), every line end CRLF, the end appended. Nothing this writes can hold a bare CR or LF.</summary>
public struct DataEncoder
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private bool _inLine;
    private bool _afterCr;

    /// <summary>Encodes one piece of the message; pieces may be cut anywhere.</summary>
    public void Encode(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
    {
        while (!input.IsEmpty)
        {
            if (_afterCr)
            {
                // CR LF and a lone CR both end the line; the LF of a pair is the one already written
                _afterCr = false;
                if (input[0] == '\n')
                {
                    input = input[1..];
                    continue;
                }
            }

            if (!_inLine && input[0] == '.')
                output.Write("."u8);
            var run = input.IndexOfAny(LineEnds);
            if (run < 0)
            {
                output.Write(input);
                _inLine = true;
                return;
            }

            output.Write(input[..run]);
            output.Write("\r\n"u8);
            _inLine = false;
            _afterCr = input[run] == '\r';
            input = input[(run + 1)..];
        }
    }

    /// <summary>Ends the last line where it needs that, and writes the end of data.</summary>
    public void Finish(IBufferWriter<byte> output)
    {
        output.Write(_inLine ? "\r\n.\r\n"u8 : ".\r\n"u8);
        this = default;
    }
}
