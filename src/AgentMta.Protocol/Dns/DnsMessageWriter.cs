namespace AgentMta.Protocol.Dns;

/// <summary>Puts a DNS message together (RFC 1035 4): queries for the resolver, whole responses for the servers of tests.</summary>
public static class DnsMessageWriter
{
    private const int MaxStringLength = 255;

    /// <summary>Writes the message; false where it does not fit or a name or value has no wire form.</summary>
    public static bool TryWrite(DnsMessage message, Span<byte> destination, out int written)
    {
        var writer = new DnsWireWriter(destination[..Math.Min(destination.Length, ushort.MaxValue)]);
        writer.WriteUInt16(message.Id);
        writer.WriteUInt16(Flags(message));
        writer.WriteUInt16(message.Question is null ? 0 : 1);
        writer.WriteUInt16(message.Answers.Count);
        writer.WriteUInt16(message.Authority.Count);
        writer.WriteUInt16(message.Additional.Count + (message.Extension is null ? 0 : 1));
        if (message.Question is { } question)
        {
            // A bare query has no later name that could point here.
            writer.WriteName(question.Name, compress: true, remember: message.IsResponse);
            writer.WriteUInt16((int)question.Type);
            writer.WriteUInt16(question.Class);
        }

        foreach (var record in message.Answers)
            WriteRecord(ref writer, record);
        foreach (var record in message.Authority)
            WriteRecord(ref writer, record);
        foreach (var record in message.Additional)
            WriteRecord(ref writer, record);
        if (message.Extension is { } extension)
        {
            writer.WriteByte(0);
            writer.WriteUInt16((int)DnsRecordType.OPT);
            writer.WriteUInt16(extension.PayloadSize);
            writer.WriteUInt32(((uint)message.ResponseCode >> 4 << 24) | ((uint)extension.Version << 16) | (extension.DnssecOk ? 0x8000u : 0));
            writer.WriteUInt16(0);
        }

        written = writer.Failed ? 0 : writer.Position;
        return !writer.Failed;
    }

    private static int Flags(DnsMessage m) =>
        (m.IsResponse ? 0x8000 : 0) | ((m.Opcode & 0xF) << 11) | (m.Authoritative ? 0x0400 : 0) | (m.Truncated ? 0x0200 : 0)
        | (m.RecursionDesired ? 0x0100 : 0) | (m.RecursionAvailable ? 0x0080 : 0) | (m.AuthenticData ? 0x0020 : 0)
        | (m.CheckingDisabled ? 0x0010 : 0) | ((int)m.ResponseCode & 0xF);

    private static void WriteRecord(ref DnsWireWriter writer, DnsRecord record)
    {
        writer.WriteName(record.Name, compress: true);
        writer.WriteUInt16((int)record.Type);
        writer.WriteUInt16(DnsQuestion.Internet);
        writer.WriteUInt32(record.Ttl);
        var start = writer.BeginLength();
        switch (record)
        {
            case AddressRecord address:
                writer.WriteBytes(address.Address.GetAddressBytes());
                break;
            case NameRecord name:
                // RFC 3597 4: names inside the RDATA of the types of RFC 1035 may be compressed, of others not.
                writer.WriteName(name.Target, compress: true);
                break;
            case MxRecord mx:
                writer.WriteUInt16(mx.Preference);
                writer.WriteName(mx.Host, compress: true);
                break;
            case TxtRecord txt:
                WriteStrings(ref writer, txt.Text);
                break;
            case SoaRecord soa:
                writer.WriteName(soa.PrimaryServer, compress: true);
                writer.WriteName(soa.Mailbox, compress: true);
                writer.WriteUInt32(soa.Serial);
                writer.WriteUInt32(soa.Refresh);
                writer.WriteUInt32(soa.Retry);
                writer.WriteUInt32(soa.Expire);
                writer.WriteUInt32(soa.Minimum);
                break;
            case TlsaRecord tlsa:
                writer.WriteByte(tlsa.Usage);
                writer.WriteByte(tlsa.Selector);
                writer.WriteByte(tlsa.MatchingType);
                writer.WriteBytes(tlsa.Data);
                break;
            case CaaRecord caa:
                writer.WriteByte(caa.Flags);
                writer.WriteByte((byte)Math.Min(caa.Tag.Length, MaxStringLength));
                writer.WriteText(caa.Tag.AsSpan(0, Math.Min(caa.Tag.Length, MaxStringLength)));
                writer.WriteText(caa.Value);
                break;
            case OpaqueRecord opaque:
                writer.WriteBytes(opaque.Data);
                break;
        }

        writer.EndLength(start);
    }

    private static void WriteStrings(ref DnsWireWriter writer, ReadOnlySpan<char> text)
    {
        do
        {
            var part = text[..Math.Min(text.Length, MaxStringLength)];
            writer.WriteByte((byte)part.Length);
            writer.WriteText(part);
            text = text[part.Length..];
        }
        while (text.Length > 0);
    }
}
