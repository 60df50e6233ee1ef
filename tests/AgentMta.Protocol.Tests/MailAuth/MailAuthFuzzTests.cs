using System.Net;
using System.Text;
using System.Text.Json;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;
using AgentMta.Protocol.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AgentMta.Protocol.Tests.MailAuth;

/// <summary>Every record and header parser fed with damaged and with random text: nothing throws, nothing asks for more than it may, nothing is slow.</summary>
public sealed class MailAuthFuzzTests
{
    private static readonly int Rounds = FuzzRounds.Of(1500);
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(200));

    private static readonly string[] SpfTerms =
    [
        "a", "mx", "ptr", "a:x.test", "mx:x.test/24//64", "ip4:192.0.2.0/24", "ip6:2001:db8::/32", "include:a.test", "include:b.test", "exists:%{ir}.%{l1r-}.%{d2}", "exists:%{p}.x.test",
        "redirect=b.test", "exp=why.test", "-all", "~all", "?all", "x=%{s}", "ptr:%{h}", "a:%{S}.%%%_%-.x.test", "-exists:%{o}.test",
    ];

    private static readonly string[] DmarcTags =
        ["p=reject", "p=none", "sp=quarantine", "np=reject", "adkim=s", "aspf=r", "psd=y", "psd=n", "t=y", "pct=0", "rua=mailto:a@b.test", "ruf=https://x.test!10m", "fo=1:d", "x=y", ""];

    private static readonly string[] ResultPieces =
        [" mx.test", " 1", ";", " spf=pass", " dkim / 1 = fail", " reason=\"a \\\" b\"", " smtp.mailfrom=\"a b\"@c.test", " (com(m)e\\)nt)", " header.from=a@b.test", "\r\n\t", " none", " policy . x = y"];

    private const string Edges = "%{}/:.=;@()\"\\ \t\r\n-0";

    private static readonly string[] Names = ["a.test", "b.test", "x.test", "c.a.test", "why.test", "EXAMPLE.com", "bücher.example", "食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn", "*.ck", "!www.ck", "//", "."];

    [Fact]
    public async Task Spf_keeps_its_limits_whatever_the_records_say()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(round);
            var zone = new ZoneMap();
            foreach (var name in new[] { "a.test", "b.test", "x.test" })
            {
                zone.Txt(name, Mutate(random, "v=spf1 " + Join(random, SpfTerms, " ", 14)));
                if (random.Next(2) == 0)
                    zone.Address(name, "192.0.2.1", "2001:db8::1");
                if (random.Next(2) == 0)
                    zone.Mx(name, [.. Enumerable.Range(0, random.Next(13)).Select(i => $"m{i}.test")]);
                if (random.Next(4) == 0)
                    zone.Fails(name, random.Next(2) == 0 ? DnsRecordType.A : null);
            }

            zone.Txt("why.test", Mutate(random, "no: %{c} %{S} %{t} %{p} %{d2r-}")).Ptr("9.2.0.192.in-addr.arpa", [.. Enumerable.Range(0, random.Next(13)).Select(i => $"p{i}.test")]);
            var request = new SpfRequest(IPAddress.Parse(random.Next(2) == 0 ? "192.0.2.9" : "2001:db8::9"), Mutate(random, "h.test"), Mutate(random, "user@a.test"));
            var result = await SpfVerifier.VerifyAsync(request, zone, CancellationToken.None);
            Assert.True(result.Lookups <= 11 && zone.Asked.Count <= 11 * 11 + 15, $"round {round}: {result.Lookups} terms, {zone.Asked.Count} look-ups");
            Assert.False(ReceivedSpfWriter.Field(result, request.ClientAddress, request.Helo, request.MailFrom, "mx.test").AsSpan(0, 10).IsEmpty);
        }
    }

    [Fact]
    public async Task Dmarc_keeps_its_limits_whatever_the_records_say()
    {
        var suffixes = PublicSuffixList.Parse("test\ncom\n");
        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(round);
            var zone = new ZoneMap();
            foreach (var name in new[] { "_dmarc.a.test", "_dmarc.c.a.test", "_dmarc.test", "_dmarc.b.test" })
            {
                for (var i = random.Next(3); i > 0; i--)
                    zone.Txt(name, Mutate(random, "v=DMARC1; " + Join(random, DmarcTags, ";", 8)));
                if (random.Next(10) == 0)
                    zone.Fails(name);
            }

            string[] Some() => [.. Enumerable.Range(0, random.Next(4)).Select(_ => Mutate(random, Names[random.Next(Names.Length)]))];
            var request = new DmarcRequest(Some(), Some(), Some(), random.Next(2) == 0 ? DmarcSpec.Rfc9989 : DmarcSpec.Rfc7489) { DkimTempErrorDomains = Some() };
            var result = await DmarcEvaluator.EvaluateAsync(request, zone, random.Next(2) == 0 ? suffixes : null, CancellationToken.None);
            Assert.True(zone.Asked.Count <= 4 * (8 + 1 + 9 * 8));
            Assert.True(result.Disposition == DmarcPolicy.None || result.Status == DmarcStatus.Fail);
            Assert.Equal(result.Status == DmarcStatus.Pass, result.Alignments.Any(a => a.Aligned == true));
        }
    }

    [Fact]
    public void Authentication_Results_and_suffix_lists_survive_damage()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(round);
            var value = Mutate(random, Join(random, ResultPieces, "", 20));
            AuthenticationResultsParser.Parse(value);
            var message = Encoding.UTF8.GetBytes("Authentication-Results:" + value + "\r\n\r\n");
            foreach (var (offset, length) in AuthenticationResultsFilter.FindOwn(message, ["mx.test"]))
                Assert.True(offset >= 0 && length > 0 && offset + length <= message.Length);
            var list = PublicSuffixList.Parse(Mutate(random, Join(random, Names, "\n", 12)));
            foreach (var name in Names)
                list.RegistrableDomain(Mutate(random, name));
        }
    }

    [Fact]
    public void Normal_names_stay_as_they_are() => Check.One(Many, Prop.ForAll(Arb.From(AnyText()), text =>
        MailDomain.Normalize(text) is not { } name || (name.Length is > 0 and <= 253 && MailDomain.Normalize(name) == name && !name.EndsWith('.'))));

    [Fact]
    public void What_a_stranger_writes_never_leaves_its_field() => Check.One(Many, Prop.ForAll(Arb.From(AnyText()), Arb.From(AnyText()), (from, reason) =>
    {
        var writer = new AuthenticationResultsWriter("mx.test");
        writer.AddSpf(new SpfResult(SpfStatus.Fail, SpfIdentity.MailFrom, from, from, reason, reason, reason, 0, 0), from);
        var field = writer.ToField();
        var read = AuthenticationResultsParser.Parse(field["Authentication-Results:".Length..])!;
        var lines = field.Split("\r\n");
        return read.AuthservId == "mx.test" && read.Methods is [{ Method: "spf", Result: "fail" }] && lines[^1].Length == 0
            && lines[1..^1].All(l => l.StartsWith('\t')) && lines.All(l => l.Length < 998 && !l.AsSpan().ContainsAny('\r', '\n', '\0'));
    }));

    [Fact]
    public void Any_verdict_can_be_written_as_JSON_and_text() => Check.One(Many, Prop.ForAll(Arb.From(AnyText()), text =>
    {
        var request = new MailAuthRequest { Message = Encoding.UTF8.GetBytes($"From: {text}\r\n{text}\r\n\r\n{text}"), ClientAddress = IPAddress.Loopback, Helo = text, MailFrom = text + "@a.test", Now = DateTimeOffset.UnixEpoch };
        var verdict = MailAuthenticator.AuthenticateAsync(request, new ZoneMap().Txt("a.test", "v=spf1 -all"), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        using var json = JsonDocument.Parse(verdict.ToJson());
        return json.RootElement.GetProperty("spf").GetProperty("result").GetString() is not null && verdict.ToText().Length > 0;
    }));

    [Theory]
    [InlineData("v=spf1 ", "a ")]
    [InlineData("v=spf1 exists:", "%{l1r-+,/_=}")]
    [InlineData("v=spf1 ", "x=%{d}")]
    [InlineData("v=spf1 a:", "/24")]
    [InlineData("v=DMARC1", ";p=none")]
    [InlineData("v=DMARC1;rua=", "mailto:a@b,")]
    [InlineData("mx.test;", "(")]
    [InlineData("mx.test;", "a=b c.d=\"\\")]
    [InlineData("mx.test", ";;spf=pass (x) a.b=c")]
    public async Task Long_records_take_linear_time(string head, string piece)
    {
        await LinearTime.HoldsAsync(128_000, async size =>
        {
            var text = head + string.Concat(Enumerable.Repeat(piece, size / piece.Length));
            await SpfVerifier.VerifyAsync(new SpfRequest(IPAddress.Loopback, "h.test", "u@a.test"), new ZoneMap().Txt("a.test", text), CancellationToken.None);
            DmarcRecordParser.Parse(text);
            AuthenticationResultsParser.Parse(text);
            PublicSuffixList.Parse(text).RegistrableDomain(text);
        });
    }

    private static Gen<string> AnyText() => Gen.OneOf(
        Gen.Choose(0, 0xFFFF).Select(c => (char)c).ListOf().Select(c => new string([.. c])),
        Gen.Elements<char>([.. "ab.@\"\\();:=%{}<>[] \r\n\t\0é食\ud83d\ude00-"]).ListOf().Select(c => new string([.. c])),
        Gen.Choose(0, 2000).Select(n => string.Concat(Enumerable.Repeat("ab c", n))));

    private static string Join(Random random, string[] pieces, string separator, int most) =>
        string.Join(separator, Enumerable.Range(0, random.Next(most + 1)).Select(_ => pieces[random.Next(pieces.Length)]));

    // Mostly one or two edits, sometimes none: removed, doubled, replaced and inserted characters.
    private static string Mutate(Random random, string text)
    {
        var edited = new StringBuilder(text);
        for (var edits = random.Next(4); edits > 0 && edited.Length > 0; edits--)
        {
            var at = random.Next(edited.Length);
            switch (random.Next(4))
            {
                case 0:
                    edited.Remove(at, Math.Min(random.Next(1, 4), edited.Length - at));
                    break;
                case 1:
                    edited.Insert(at, edited.ToString(at, Math.Min(random.Next(1, 9), edited.Length - at)));
                    break;
                case 2:
                    edited[at] = (char)random.Next(0, 256);
                    break;
                default:
                    edited.Insert(at, Edges[random.Next(Edges.Length)]);
                    break;
            }
        }

        return edited.ToString();
    }
}
