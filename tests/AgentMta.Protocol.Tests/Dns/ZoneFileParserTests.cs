using System.Text;
using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.Dns;

public sealed class ZoneFileParserTests
{
    private const string Whole = """
        $ORIGIN example.test. ; the zone
        $TTL 1h
        @       IN SOA ns1 hostmaster.example.test. (
                    2026010101 ; serial
                    1d 2h      ; refresh, retry
                    4w 5m )
                IN NS  ns1
                300 IN MX 10 mail
                IN 300 MX 20 mail.elsewhere.test.
        ns1     A   192.0.2.1
        mail    1d  A 192.0.2.2
                AAAA 2001:db8::2
        *.wild  TXT "one" "two; \"three\"" four\;
        sel._domainkey TXT ( "v=DKIM1; k=rsa; "
                             "p=AAAA" )
        www     CNAME @
        esc\.aped TXT \065\000b
        _25._tcp.mail TLSA 3 1 1 ( 0123456789ABCDEF
                                   00 )
        @       CAA 0 issue "ca.example.net"
        $ORIGIN 2.0.192.in-addr.arpa.
        1       PTR ns1.example.test.
        other.test. TYPE65280 \# 4 0A000001
        other.test. CLASS1 TYPE1 \# 4 0A000001
        null.test. MX 0 .
        """;

    [Fact]
    public void A_zone_with_every_turn_of_the_syntax_is_read()
    {
        var result = Parse(Whole);
        Assert.Empty(result.Errors);
        Assert.Equal("""
            example.test.	3600	IN	SOA	ns1.example.test. hostmaster.example.test. 2026010101 86400 7200 2419200 300
            example.test.	3600	IN	NS	ns1.example.test.
            example.test.	300	IN	MX	10 mail.example.test.
            example.test.	300	IN	MX	20 mail.elsewhere.test.
            ns1.example.test.	3600	IN	A	192.0.2.1
            mail.example.test.	86400	IN	A	192.0.2.2
            mail.example.test.	3600	IN	AAAA	2001:db8::2
            *.wild.example.test.	3600	IN	TXT	"onetwo; \"three\"four;"
            sel._domainkey.example.test.	3600	IN	TXT	"v=DKIM1; k=rsa; p=AAAA"
            www.example.test.	3600	IN	CNAME	example.test.
            esc\.aped.example.test.	3600	IN	TXT	"A\000b"
            _25._tcp.mail.example.test.	3600	IN	TLSA	3 1 1 0123456789abcdef00
            example.test.	3600	IN	CAA	0 issue "ca.example.net"
            1.2.0.192.in-addr.arpa.	3600	IN	PTR	ns1.example.test.
            other.test.	3600	IN	TYPE65280	\# 4 0a000001
            other.test.	3600	IN	A	10.0.0.1
            null.test.	3600	IN	MX	0 .

            """, ZoneFileWriter.Write(result.Records));
    }

    [Theory]
    [InlineData("a.test. A", "the data ends too early")]
    [InlineData("a.test. A 1.2.3", "'1.2.3' is not an IPv4 address")]
    [InlineData("a.test. A 010.1.1.1", "'010.1.1.1' is not an IPv4 address")]
    [InlineData("a.test. AAAA 192.0.2.1", "'192.0.2.1' is not an IPv6 address")]
    [InlineData("a.test. A 192.0.2.1 x", "there are 1 words after the data of A")]
    [InlineData("a.test. MX mail 10", "'mail' is not a number up to 65535")]
    [InlineData("a.test. MX 70000 mail", "'70000' is not a number up to 65535")]
    [InlineData("a..test. A 192.0.2.1", "the owner 'a..test.' is not a name")]
    [InlineData("a.test. CNAME b..c", "'b..c' is not a name")]
    [InlineData("a.test. CH TXT x", "only class IN is supported")]
    [InlineData("a.test. SRV 0 0 25 b", "the type 'SRV' is not supported; write it as TYPEnnn \\# length hex (RFC 3597)")]
    [InlineData("a.test. 300 IN", "the entry has no type")]
    [InlineData("a.test. TXT \"open", "a quoted string does not end on its line")]
    [InlineData("a.test. TXT ( x", "a parenthesis is not closed")]
    [InlineData("a.test. TXT x )", "a parenthesis closes that was not opened")]
    [InlineData("a.test. TXT \\300", "a backslash stands before three digits up to 255 or one character")]
    [InlineData("a.test. TLSA 3 1 1 0", "hexadecimal digits, two for an octet, are missing")]
    [InlineData("a.test. TYPE1 \\# 3 0A0000", "the octets are not the data of A")]
    [InlineData("a.test. TYPE9 \\# 3 0A00", "\\# promises 3 octets, 2 follow")]
    [InlineData("a.test. OPT x", "the type 'OPT' is not supported; write it as TYPEnnn \\# length hex (RFC 3597)")]
    [InlineData("$INCLUDE /etc/passwd", "'$INCLUDE' is not supported")]
    [InlineData("$TTL soon", "$TTL takes one time")]
    [InlineData("$ORIGIN", "$ORIGIN takes one name")]
    [InlineData(" A 192.0.2.1", "the entry has no owner")]
    public void A_fault_is_told_with_its_line_and_the_rest_is_kept(string line, string message)
    {
        var result = Parse("\n; a comment\n" + line + "\n");
        Assert.Equal(new ZoneFileError(3, message), Assert.Single(result.Errors));
        Assert.Empty(result.Records);
    }

    [Fact]
    public void Entries_around_a_fault_are_read()
    {
        var result = Parse("a.test. A 192.0.2.1\nb..c A 192.0.2.2\n  TXT \"of the bad owner\"\nd.test. A 192.0.2.4\n");
        Assert.Equal(["a.test", "d.test"], result.Records.Select(r => r.Name));
        Assert.Equal([2, 3], result.Errors.Select(e => e.Line));
    }

    [Fact]
    public void A_string_over_255_octets_must_be_split()
    {
        Assert.Contains("255", Assert.Single(Parse($"a.test. TXT \"{new string('x', 256)}\"").Errors).Message, StringComparison.Ordinal);
        Assert.Empty(Parse($"a.test. TXT \"{new string('x', 255)}\" \"{new string('x', 255)}\"").Errors);
    }

    [Fact]
    public void Without_a_ttl_directive_the_last_stated_ttl_holds()
    {
        var records = Parse("a.test. A 192.0.2.1\nb.test. 60 A 192.0.2.1\nc.test. A 192.0.2.1\n").Records;
        Assert.Equal([3600u, 60u, 60u], records.Select(r => r.Ttl));
    }

    [Fact]
    public void An_origin_from_outside_ends_relative_names() =>
        Assert.Equal("a.zone.test", Assert.Single(ZoneFileParser.Parse("a A 192.0.2.1"u8, "zone.test.").Records).Name);

    [Fact]
    public void The_list_of_faults_is_bounded() => Assert.Equal(100, Parse(string.Concat(Enumerable.Repeat("x x\n", 5000))).Errors.Count);

    private static ZoneFileResult Parse(string text) => ZoneFileParser.Parse(Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\n")));
}
