using System.Net;
using System.Text;
using System.Text.Json;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.Tests.MailAuth;

public sealed class MailAuthenticatorTests
{
    private const string Body = "From: Ann <ann@news.author.test>\r\nTo: bob@b.test\r\nSubject: Hello\r\nDate: Sat, 21 Nov 2026 04:00:00 +0000\r\nMessage-ID: <1@author.test>\r\n\r\nHi Bob\r\n";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_795_000_000);

    private readonly DkimKey _key = DkimKey.GenerateEd25519();
    private readonly ZoneMap _zone = new();

    public MailAuthenticatorTests() =>
        _zone.Txt("s._domainkey.author.test", _key.PublicRecord).Txt("s._domainkey.list.test", _key.PublicRecord)
            .Txt("_dmarc.author.test", "v=DMARC1; p=reject").Txt("author.test", "v=spf1 ip4:192.0.2.1 -all").Txt("mail.author.test", "v=spf1 a -all")
            .Address("mail.author.test", "192.0.2.1").Ptr("1.2.0.192.in-addr.arpa", "mail.author.test");

    [Fact]
    public async Task A_signed_message_from_the_right_host_passes_everything_with_evidence()
    {
        var verdict = await AuthenticateAsync(Signed(), "192.0.2.1");
        Assert.Equal((SpfStatus.Pass, SpfStatus.Pass, DmarcStatus.Pass, ArcStatus.None, IprevStatus.Pass),
            (verdict.Spf.Status, verdict.SpfHelo.Status, verdict.Dmarc.Status, verdict.Arc.Status, verdict.Iprev.Status));
        Assert.Equal(DkimStatus.Pass, Assert.Single(verdict.Dkim).Status);
        Assert.Equal(["news.author.test"], verdict.AuthorDomains);
        Assert.True(verdict.HasAlignedPass);
        Assert.Empty(verdict.ForPass);
        Assert.Contains(verdict.Evidence, e => e is { Name: "_dmarc.author.test", Type: DnsRecordType.TXT, Status: DnsStatus.Ok, Ttl: 60, Records: 1 });
        Assert.Contains(verdict.Evidence, e => e is { Name: "s._domainkey.author.test", Status: DnsStatus.Ok });
    }

    [Fact]
    public async Task A_forged_message_fails_and_says_what_would_have_had_to_differ()
    {
        var verdict = await AuthenticateAsync(Encoding.ASCII.GetBytes(Body), "203.0.113.9");
        Assert.Equal((DmarcStatus.Fail, DmarcPolicy.Reject), (verdict.Dmarc.Status, verdict.Dmarc.Disposition));
        Assert.False(verdict.HasAlignedPass);
        Assert.Contains(verdict.ForPass, a => a.Contains("203.0.113.9", StringComparison.Ordinal));
        Assert.Contains(verdict.ForPass, a => a.Contains("no DKIM signature", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trusted_sealer_excuses_a_failure_that_it_saw_pass()
    {
        var seen = "dkim=pass header.d=author.test; dmarc=pass header.from=news.author.test";
        var message = Forwarded(seen);
        var verdict = await AuthenticateAsync(message, "203.0.113.9", trusted: ["list.test"]);
        Assert.Equal((DmarcStatus.Fail, ArcStatus.Pass), (verdict.Dmarc.Status, verdict.Arc.Status));
        Assert.Equal(("trusted_forwarder", "list.test"), (verdict.Dmarc.Override!.Type, verdict.Dmarc.Override.By));
        Assert.Null((await AuthenticateAsync(message, "203.0.113.9", trusted: ["other.test"])).Dmarc.Override);
        Assert.Null((await AuthenticateAsync(message, "203.0.113.9")).Dmarc.Override);
        Assert.Null((await AuthenticateAsync(Forwarded("dmarc=fail header.from=news.author.test"), "203.0.113.9", trusted: ["list.test"])).Dmarc.Override);
        Assert.Null((await AuthenticateAsync(Forwarded("dmarc=pass header.from=attacker.test"), "203.0.113.9", trusted: ["list.test"])).Dmarc.Override);
    }

    [Fact]
    public async Task The_null_reverse_path_is_judged_by_the_helo_name_once()
    {
        var verdict = await AuthenticateAsync(Encoding.ASCII.GetBytes(Body), "192.0.2.1", mailFrom: "");
        Assert.Equal((SpfStatus.Pass, SpfIdentity.MailFrom, "mail.author.test", DmarcStatus.Pass), (verdict.Spf.Status, verdict.Spf.Identity, verdict.Spf.Domain, verdict.Dmarc.Status));
        Assert.Single(_zone.Asked, a => a == "mail.author.test TXT");
    }

    [Fact]
    public async Task Several_From_fields_and_addresses_all_count()
    {
        var message = "From: a@one.test, Group: b@two.test, \"c@fake.test\" <c@three.test>;\r\nFrom: d@ONE.test\r\n\r\n";
        Assert.Equal(["one.test", "two.test", "three.test"], MailAuthenticator.AuthorDomains(Encoding.ASCII.GetBytes(message)));
        Assert.Empty(MailAuthenticator.AuthorDomains(Encoding.ASCII.GetBytes("Subject: x\r\n\r\nFrom: a@b.test\r\n")));
        var verdict = await AuthenticateAsync(Encoding.ASCII.GetBytes("From: x@attacker.test, ann@author.test\r\n\r\nHi\r\n"), "203.0.113.9");
        Assert.Equal(("author.test", DmarcPolicy.Reject), (verdict.Dmarc.AuthorDomain, verdict.Dmarc.Disposition));
    }

    [Fact]
    public async Task When_the_budget_is_spent_the_verdict_is_a_temporary_error()
    {
        var budget = new DnsBudget(_zone, TimeProvider.System, TimeSpan.Zero);
        var verdict = await MailAuthenticator.AuthenticateAsync(Request(Signed(), "192.0.2.1"), budget, CancellationToken.None);
        Assert.Equal((SpfStatus.TempError, DmarcStatus.TempError, IprevStatus.TempError), (verdict.Spf.Status, verdict.Dmarc.Status, verdict.Iprev.Status));
        Assert.Empty(_zone.Asked);
    }

    [Fact]
    public async Task The_JSON_has_stable_names_and_the_text_names_every_method()
    {
        var verdict = await AuthenticateAsync(Forwarded("dmarc=pass header.from=news.author.test"), "203.0.113.9", trusted: ["list.test"]);
        using var json = JsonDocument.Parse(verdict.ToJson());
        var root = json.RootElement;
        Assert.Equal(
            ["client_ip", "helo", "mail_from", "header_from", "spf", "spf_helo", "dkim", "dmarc", "arc", "iprev", "aligned", "for_pass", "dns"],
            root.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("fail", "reject", "trusted_forwarder"), (root.GetProperty("dmarc").GetProperty("result").GetString(), root.GetProperty("dmarc").GetProperty("disposition").GetString(), root.GetProperty("dmarc").GetProperty("override").GetProperty("type").GetString()));
        Assert.Equal("list.test", root.GetProperty("arc").GetProperty("seals")[0].GetProperty("domain").GetString());
        var text = verdict.ToText();
        Assert.All(["DMARC", "SPF", "DKIM", "ARC", "iprev", "For a pass", "DNS"], word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_verdict_becomes_a_field_that_can_be_read_back()
    {
        var field = AuthenticationResultsWriter.Field("mx.b.test", await AuthenticateAsync(Signed(), "192.0.2.1"));
        var read = AuthenticationResultsParser.Parse(field["Authentication-Results:".Length..])!;
        Assert.Equal(["spf=pass", "spf=pass", "dkim=pass", "dmarc=pass", "iprev=pass"], read.Methods.Select(m => $"{m.Method}={m.Result}"));
        Assert.Equal("news.author.test", read.Methods[3].Property("header.from"));
        Assert.Equal("author.test", read.Methods[3].Property("polrec.domain"));
    }

    private byte[] Signed()
    {
        var message = Encoding.ASCII.GetBytes(Body);
        return [.. DkimSigner.Sign(message, [new DkimSigningKey("author.test", "s", _key)], Now), .. message];
    }

    private byte[] Forwarded(string results)
    {
        var message = Encoding.ASCII.GetBytes(Body + "-- \r\na footer\r\n");
        return [.. ArcSealer.Seal(message, results, "mx.list.test", ArcResult.None, new DkimSigningKey("list.test", "s", _key), Now), .. message];
    }

    private static MailAuthRequest Request(byte[] message, string ip, string mailFrom = "bounce@author.test", string[]? trusted = null) => new()
    {
        Message = message,
        ClientAddress = IPAddress.Parse(ip),
        Helo = "mail.author.test",
        MailFrom = mailFrom,
        Now = Now,
        TrustedSealers = trusted ?? [],
    };

    private async Task<AuthenticationVerdict> AuthenticateAsync(byte[] message, string ip, string mailFrom = "bounce@author.test", string[]? trusted = null) =>
        await MailAuthenticator.AuthenticateAsync(Request(message, ip, mailFrom, trusted), _zone, CancellationToken.None);
}
