using System.Net;
using System.Text;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AgentMta.Protocol.Tests.Dns;

/// <summary>Properties over generated records, and readers fed with damaged and with random octets.</summary>
public sealed class DnsFuzzTests
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(100));

    // Any octet but those that lower-casing would change, so that what is read equals what was written.
    private static readonly Gen<byte> Octet = Gen.Choose(0, 255).Where(o => o is < 'A' or > 'Z').Select(o => (byte)o);

    private static readonly Gen<string> Label = Octet.NonEmptyListOf().Select(o => Labelled([.. o.Take(20)]));

    private static readonly Gen<string> Name = Label.ListOf().Select(labels => string.Join('.', labels.Take(6)));

    private static readonly Gen<string> Text = Gen.Choose(0, 255).Select(o => (char)o).ListOf().Select(c => new string([.. c]));

    private static readonly Gen<byte[]> Octets = Gen.Choose(0, 255).Select(o => (byte)o).ListOf().Select(o => o.ToArray());

    private static readonly Gen<uint> Ttl = Gen.Choose(0, int.MaxValue).Select(t => (uint)t);

    private static readonly Gen<DnsRecord> Record = Gen.OneOf(
        from name in Name from ttl in Ttl from o in Octet.ArrayOf(4) select (DnsRecord)new AddressRecord(name, ttl, new IPAddress(o)),
        from name in Name from ttl in Ttl from o in Octet.ArrayOf(16) select (DnsRecord)new AddressRecord(name, ttl, new IPAddress(o)),
        from name in Name from ttl in Ttl from host in Name from p in Gen.Choose(0, 65535) select (DnsRecord)new MxRecord(name, ttl, (ushort)p, host),
        from name in Name from ttl in Ttl from text in Text from n in Gen.Choose(1, 9) select (DnsRecord)new TxtRecord(name, ttl, string.Concat(Enumerable.Repeat(text, n))),
        from name in Name from ttl in Ttl from target in Name from type in Gen.Elements(DnsRecordType.CNAME, DnsRecordType.NS, DnsRecordType.PTR)
        select (DnsRecord)new NameRecord(name, type, ttl, target),
        from name in Name from ttl in Ttl from n in Name from m in Name select (DnsRecord)new SoaRecord(name, ttl, n, m, 1, 2, 3, 4, uint.MaxValue),
        from name in Name from ttl in Ttl from o in Octets.Where(o => o.Length > 0) select (DnsRecord)new TlsaRecord(name, ttl, 3, 1, 1, o),
        from name in Name from ttl in Ttl from text in Text.Where(t => t.Length < 256) select (DnsRecord)new CaaRecord(name, ttl, 0, "issue", text),
        from name in Name from ttl in Ttl from o in Octets select (DnsRecord)new OpaqueRecord(name, (DnsRecordType)65280, ttl, o));

    private static readonly Gen<DnsMessage> Message =
        from answers in Record.ListOf()
        from authority in Record.ListOf()
        from id in Gen.Choose(0, 65535)
        from name in Name
        select new DnsMessage
        {
            Id = (ushort)id, IsResponse = true, Question = new(name, DnsRecordType.MX), Answers = [.. answers.Take(8)], Authority = [.. authority.Take(3)], Extension = new(1232),
        };

    [Fact]
    public void What_is_written_is_read_back() => Check.One(Many, Prop.ForAll(Arb.From(Message), message =>
    {
        var read = Read(DnsMessageTests.Write(message))!;
        return read.Id == message.Id && read.Question == message.Question && read.Extension == message.Extension
            && Same(message.Answers, read.Answers) && Same(message.Authority, read.Authority);
    }));

    [Fact]
    public void A_zone_that_is_written_is_read_back() => Check.One(Many, Prop.ForAll(Arb.From(Record.ListOf()), records =>
    {
        var result = ZoneFileParser.Parse(Encoding.Latin1.GetBytes(ZoneFileWriter.Write(records)));
        return result.Errors.Count == 0 && Same([.. records], result.Records);
    }));

    [Fact]
    public void A_name_keeps_its_meaning_through_its_text_form() => Check.One(Many, Prop.ForAll(Arb.From(Text), text =>
        !DnsName.TryNormalize(text, out var once) || (DnsName.TryNormalize(once, out var twice) && once == twice)));

    [Fact]
    public void A_damaged_message_is_read_or_refused_and_what_is_read_can_be_interpreted() => Check.One(Many, Prop.ForAll(Arb.From(Message), Arb.From(Gen.Choose(0, int.MaxValue)), (message, seed) =>
    {
        var random = new Random(seed);
        var whole = DnsMessageTests.Write(message);
        for (var round = 0; round < 10; round++)
        {
            var damaged = Damage(whole, random);
            if (Read(damaged) is { } read)
                _ = DnsResponseReader.Read(read, read.Question?.Name ?? "", DnsRecordType.MX);
        }

        return true;
    }));

    [Fact]
    public void A_damaged_zone_gives_records_and_errors_only() => Check.One(Many, Prop.ForAll(Arb.From(Record.ListOf()), Arb.From(Gen.Choose(0, int.MaxValue)), (records, seed) =>
    {
        var random = new Random(seed);
        var whole = Encoding.Latin1.GetBytes("$ORIGIN a.test.\n$TTL 1h\n" + ZoneFileWriter.Write(records));
        for (var round = 0; round < 10; round++)
        {
            var result = ZoneFileParser.Parse(Damage(whole, random));
            _ = new ZoneOverlay(result.Records).Find("a.test", DnsRecordType.MX);
            // What was accepted has a wire form, or the records could not be served.
            foreach (var record in result.Records)
                DnsMessageTests.Write(new DnsMessage { Answers = [record] });
        }

        return true;
    }));

    [Fact]
    public void Random_octets_are_never_more_than_refused() => Check.One(Many, Prop.ForAll(Arb.From(Octets), octets =>
    {
        _ = Read(octets);
        _ = ZoneFileParser.Parse(octets);
        return true;
    }));

    private static DnsMessage? Read(byte[] bytes) => DnsMessageReader.TryRead(bytes, out var message) ? message : null;

    private static bool Same(IReadOnlyList<DnsRecord> written, IReadOnlyList<DnsRecord> read) => ZoneFileWriter.Write(written) == ZoneFileWriter.Write(read);

    private static byte[] Damage(byte[] whole, Random random)
    {
        var bytes = whole.ToArray();
        for (var i = random.Next(1, 6); i > 0 && bytes.Length > 0; i--)
        {
            switch (random.Next(4))
            {
                case 0:
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[random.Next(bytes.Length)] = (byte)(0xC0 | random.Next(2));
                    break;
                case 2:
                    bytes = bytes[..random.Next(bytes.Length)];
                    break;
                default:
                    bytes = [.. bytes, .. bytes.AsSpan(random.Next(bytes.Length))];
                    break;
            }
        }

        return bytes;
    }

    private static string Labelled(byte[] octets)
    {
        var text = new StringBuilder();
        foreach (var o in octets)
            text.Append(o is (byte)'.' or (byte)'\\' ? $"\\{(char)o}" : o is > 0x20 and < 0x7F ? ((char)o).ToString() : $"\\{o:D3}");
        return text.ToString();
    }
}
