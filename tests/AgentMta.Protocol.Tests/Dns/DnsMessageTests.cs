using System.Net;
using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.Dns;

public sealed class DnsMessageTests
{
    private static readonly DnsMessage Query = DnsMessage.Query(0x1234, "Mail.Example.Test", DnsRecordType.MX);

    [Fact]
    public void A_query_is_the_octets_of_RFC_1035_with_AD_and_an_OPT_of_1232()
    {
        var bytes = Write(DnsMessage.Query(0x1234, "a.test", DnsRecordType.A));
        Assert.Equal("12340120000100000000000101610474657374000001000100002904D0000000000000", Convert.ToHexString(bytes));
    }

    [Fact]
    public void Every_record_type_survives_the_wire()
    {
        DnsRecord[] records =
        [
            new AddressRecord("a.test", 60, IPAddress.Parse("192.0.2.1")),
            new AddressRecord("a.test", 60, IPAddress.Parse("2001:db8::1")),
            new AddressRecord("a.test", 60, IPAddress.Parse("::ffff:192.0.2.1")),
            new MxRecord("a.test", 60, 10, "mx.a.test"),
            new MxRecord("b.test", 60, 0, ""),
            new TxtRecord("a.test", 60, "v=spf1 -all"),
            new TxtRecord("a.test", 60, new string('x', 700) + "\u00ff\0"),
            new TxtRecord("a.test", 60, ""),
            new NameRecord("c.test", DnsRecordType.CNAME, 60, "a.test"),
            new NameRecord("test", DnsRecordType.NS, 60, "ns.a.test"),
            new NameRecord("1.2.0.192.in-addr.arpa", DnsRecordType.PTR, 60, "mx.a.test"),
            new SoaRecord("a.test", 60, "ns.a.test", @"john\.doe.a.test", 1, 2, 3, 4, uint.MaxValue),
            new TlsaRecord("_25._tcp.mx.a.test", 60, 3, 1, 1, [1, 2, 3]),
            new CaaRecord("a.test", 60, 128, "issue", "ca.test; policy=ev"),
            new OpaqueRecord("a.test", DnsRecordType.DNSKEY, 60, [9, 8, 7]),
            new OpaqueRecord("a.test", (DnsRecordType)65280, 60, []),
        ];
        var message = new DnsMessage { IsResponse = true, Question = new("a.test", DnsRecordType.A), Answers = records, Extension = new(1232, true) };
        Assert.True(DnsMessageReader.TryRead(Write(message), out var read));
        Assert.Equal(ZoneFileWriter.Write(records), ZoneFileWriter.Write(read.Answers));
        Assert.Equal(message.Extension, read.Extension);
        Assert.All(records.Zip(read.Answers), pair => Assert.Equal(pair.First.GetType(), pair.Second.GetType()));
    }

    [Fact]
    public void Repeated_names_are_written_once()
    {
        var records = Enumerable.Range(0, 50).Select(i => (DnsRecord)new MxRecord("long-label-of-an-owner.example.test", 60, (ushort)i, $"mx{i}.example.test")).ToArray();
        var bytes = Write(new DnsMessage { IsResponse = true, Question = new("long-label-of-an-owner.example.test", DnsRecordType.MX), Answers = records });
        Assert.True(bytes.Length < 12 + 41 + (50 * 22), $"{bytes.Length} octets");
        Assert.True(DnsMessageReader.TryRead(bytes, out var read));
        Assert.Equal(records, read.Answers);
    }

    [Fact]
    public void Flags_and_an_extended_code_survive_the_wire()
    {
        var message = new DnsMessage
        {
            Id = 65535, IsResponse = true, Opcode = 2, Authoritative = true, Truncated = true, RecursionDesired = true, RecursionAvailable = true,
            AuthenticData = true, CheckingDisabled = true, ResponseCode = DnsResponseCode.BadVersion, Extension = new(512, false, 1),
        };
        Assert.True(DnsMessageReader.TryRead(Write(message), out var read));
        Assert.Equal(message with { Answers = read.Answers, Authority = read.Authority, Additional = read.Additional }, read);
    }

    [Theory]
    [InlineData("C00C", "a pointer to itself")]
    [InlineData("C00E", "a pointer forward")]
    [InlineData("C000", "a pointer into the header")]
    [InlineData("01610161C00C", "labels, then a pointer to their own start")]
    [InlineData("4161", "label type 01")]
    [InlineData("8161", "label type 10")]
    [InlineData("3F61", "a label cut short")]
    [InlineData("0161", "no end")]
    public void A_bad_name_makes_the_message_unreadable(string name, string why)
    {
        var bytes = Convert.FromHexString("123481000001000000000000" + name + "00010001");
        Assert.False(DnsMessageReader.TryRead(bytes, out _), why);
    }

    [Fact]
    public void A_chain_of_backward_pointers_is_followed_to_a_bound()
    {
        Assert.True(DnsMessageReader.TryRead(Chain(60), out var read));
        Assert.Equal("x", read.Answers[0].Name);
        Assert.False(DnsMessageReader.TryRead(Chain(70), out _));

        // The RDATA of an opaque record holds the pointers, the owner of the next points at the last.
        static byte[] Chain(int length)
        {
            var bytes = new List<byte>(Convert.FromHexString("123481000001000200000000" + "017800" + "00010001"));
            bytes.AddRange(Convert.FromHexString("C00C" + "FF00" + "0001" + "00000000"));
            bytes.AddRange([(byte)(length * 2 >> 8), (byte)(length * 2)]);
            var target = 12;
            for (var i = 0; i < length; i++)
            {
                bytes.AddRange([(byte)(0xC0 | (target >> 8)), (byte)target]);
                target = bytes.Count - 2;
            }

            bytes.AddRange([(byte)(0xC0 | (target >> 8)), (byte)target]);
            bytes.AddRange(Convert.FromHexString("FF00" + "0001" + "00000000" + "0000"));
            return [.. bytes];
        }
    }

    [Fact]
    public void Pointers_do_not_blow_a_message_up()
    {
        // A name of 250 octets that each take four characters, then owners that all point at its second label.
        var label = "3E" + new string('0', 124);
        var bytes = new List<byte>(Convert.FromHexString("123481000001138800000000" + label + label + label + label + "00" + "00010001"));
        for (var i = 0; i < 5000; i++)
            bytes.AddRange(Convert.FromHexString("C04B" + "FF00" + "0001" + "00000000" + "0000"));
        Assert.False(DnsMessageReader.TryRead(bytes.ToArray(), out _));
        bytes[6] = 0;
        Assert.True(DnsMessageReader.TryRead(bytes.ToArray(), out var read));
        Assert.Equal(0x88, read.Answers.Count);
    }

    [Theory]
    [InlineData("0001", "0003010203", "an address of three octets")]
    [InlineData("001C", "00040102030405", "an IPv6 address of four")]
    [InlineData("000F", "0002000A", "MX without a host")]
    [InlineData("0010", "0003056162", "a string longer than its record")]
    [InlineData("0005", "000401610000", "octets after a name")]
    [InlineData("0034", "00020301", "TLSA without a matching type")]
    [InlineData("0101", "00020000", "CAA without a tag")]
    [InlineData("0001", "0004010203", "RDATA cut short")]
    [InlineData("0029", "0000", "OPT among the answers")]
    public void Data_that_does_not_fit_its_type_makes_the_message_unreadable(string type, string data, string why)
    {
        var bytes = Convert.FromHexString("123481000001000100000000" + "017800" + "00010001" + "C00C" + type + "000100000000" + data);
        Assert.False(DnsMessageReader.TryRead(bytes, out _), why);
    }

    [Fact]
    public void A_truncated_message_keeps_what_is_whole()
    {
        var bytes = Convert.FromHexString("123483000001000200000000" + "017800" + "00010001" + "C00C" + "00010001000000050004" + "C0000201" + "C00C0001");
        Assert.True(DnsMessageReader.TryRead(bytes, out var read));
        Assert.True(read.Truncated);
        Assert.Single(read.Answers);
    }

    [Fact]
    public void Records_of_other_classes_are_left_out_and_a_huge_ttl_is_zero()
    {
        var bytes = Convert.FromHexString("123481000001000200000000" + "017800" + "00010001" + "C00C" + "00010003000000050004" + "C0000201" + "C00C" + "00010001800000000004" + "C0000202");
        Assert.True(DnsMessageReader.TryRead(bytes, out var read));
        Assert.Equal(new AddressRecord("x", 0, IPAddress.Parse("192.0.2.2")), Assert.Single(read.Answers));
    }

    [Fact]
    public void Only_the_repeated_question_with_the_same_id_is_a_response()
    {
        var response = new DnsMessage { Id = 0x1234, IsResponse = true, Question = Query.Question };
        Assert.True(response.IsResponseTo(Query, exactCase: true));
        Assert.False((response with { IsResponse = false }).IsResponseTo(Query, true));
        Assert.False((response with { Id = 0x1235 }).IsResponseTo(Query, true));
        Assert.False((response with { Opcode = 5 }).IsResponseTo(Query, true));
        Assert.False((response with { Question = new("Mail.Example.Test", DnsRecordType.A) }).IsResponseTo(Query, true));
        Assert.False((response with { Question = new("Mail.Example.Test", DnsRecordType.MX, 3) }).IsResponseTo(Query, true));
        Assert.False((response with { Question = new("Mail.Example.Tes", DnsRecordType.MX) }).IsResponseTo(Query, true));
        Assert.False((response with { Question = new("mail.Example.Test", DnsRecordType.MX) }).IsResponseTo(Query, true));
        Assert.True((response with { Question = new("mail.Example.Test", DnsRecordType.MX) }).IsResponseTo(Query, false));
        Assert.False((response with { Question = null }).IsResponseTo(Query, true));
        Assert.True((response with { Question = null, ResponseCode = DnsResponseCode.FormatError }).IsResponseTo(Query, true));
    }

    [Fact]
    public void What_does_not_fit_or_has_no_wire_form_is_not_written()
    {
        Assert.False(DnsMessageWriter.TryWrite(Query, new byte[20], out _));
        Assert.False(DnsMessageWriter.TryWrite(DnsMessage.Query(1, "a..b", DnsRecordType.A), new byte[512], out _));
        Assert.False(DnsMessageWriter.TryWrite(Query with { Answers = [new TxtRecord("a.test", 1, "\u20ac")] }, new byte[512], out _));
    }

    internal static byte[] Write(DnsMessage message)
    {
        var bytes = new byte[ushort.MaxValue];
        Assert.True(DnsMessageWriter.TryWrite(message, bytes, out var written));
        return bytes[..written];
    }
}
