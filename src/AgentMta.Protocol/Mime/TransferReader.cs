namespace AgentMta.Protocol.Mime;

/// <summary>Pulls the decoded octets of a body piece by piece; damaged input yields what can be read of it.</summary>
internal ref struct TransferReader
{
    /// <summary>The smallest destination that every decoder can put one step into.</summary>
    public const int MinimumRead = 256;

    private readonly TransferEncoding _encoding;
    private ReadOnlySpan<byte> _rest;
    private Base64Reader _base64;
    private QuotedPrintableReader _quotedPrintable;
    private UuReader _uu;

    public TransferReader(ReadOnlySpan<byte> body, TransferEncoding encoding)
    {
        _rest = body;
        _encoding = encoding;
        _quotedPrintable = new QuotedPrintableReader();
        _base64 = new Base64Reader();
        _uu = new UuReader();
    }

    /// <summary>Octets of the encoded body that were not looked at yet.</summary>
    public readonly int Remaining => _rest.Length;

    public MimeDefects Defects { get; private set; }

    /// <summary>Fills some of <paramref name="output"/>; 0 only at the end, or where less than <see cref="MinimumRead"/> is too little for a step.</summary>
    public int Read(Span<byte> output)
    {
        var defects = MimeDefects.None;
        int written, before;
        do
        {
            if (_rest.IsEmpty)
                return 0;
            before = _rest.Length;
            written = _encoding switch
            {
                TransferEncoding.Base64 => _base64.Read(ref _rest, output, ref defects),
                TransferEncoding.QuotedPrintable => _quotedPrintable.Read(ref _rest, output, ref defects),
                TransferEncoding.UuEncode => _uu.Read(ref _rest, output),
                _ => Copy(output),
            };
            Defects |= defects;
        }
        while (written == 0 && _rest.Length < before);
        return written;
    }

    private int Copy(Span<byte> output)
    {
        var length = Math.Min(output.Length, _rest.Length);
        _rest[..length].CopyTo(output);
        _rest = _rest[length..];
        return length;
    }
}
