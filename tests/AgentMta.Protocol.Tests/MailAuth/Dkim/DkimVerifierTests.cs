using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Tests.Support;
using static AgentMta.Protocol.Tests.MailAuth.Dkim.SignedMessage;

namespace AgentMta.Protocol.Tests.MailAuth.Dkim;

public sealed class DkimVerifierTests
{
    [Fact]
    public async Task A_message_without_signatures_has_no_results_and_asks_nothing()
    {
        var zone = Zone;
        Assert.Empty(await VerifyAsync(Header + "\r\n" + Body, zone));
        Assert.Empty(zone.Asked);
    }

    [Fact]
    public async Task A_pass_tells_what_it_rests_on()
    {
        var zone = new NameTable().Text(KeyName, Rsa.PublicRecord.Replace("k=rsa;", "k=rsa; t=y;", StringComparison.Ordinal));
        var message = Signed(options: new DkimSignOptions { BodyLimit = 5, Expiry = TimeSpan.FromHours(1), BodyCanonicalization = DkimCanonicalization.Simple });
        var result = await VerifyOneAsync(message, zone);
        Assert.Equal(DkimStatus.Pass, result.Status);
        Assert.Null(result.Reason);
        Assert.Equal(("example.test", "r", "@example.test", "rsa-sha256"), (result.Domain, result.Selector, result.Identity, result.Algorithm));
        Assert.Equal("relaxed/simple", result.Canonicalization);
        Assert.Equal(message[(message.IndexOf(" b=", StringComparison.Ordinal) + 3)..][..8], result.SignaturePrefix);
        Assert.Equal(["From", "From", "Subject", "Subject", "To", "To"], result.SignedHeaders.Take(6));
        Assert.Equal((5L, (long)Body.Length), (result.BodyLimit, result.BodyLength));
        Assert.Equal((Now, Now.AddHours(1)), (result.SignedAt, result.ExpiresAt));
        Assert.Equal((KeyName, 300u, true, 1024), (result.KeyName, result.KeyTtl, result.KeyAuthenticated, result.KeyBits));
        Assert.StartsWith("v=DKIM1; k=rsa; t=y; p=", result.KeyRecord, StringComparison.Ordinal);
        Assert.True(result.Testing);
    }

    [Theory]
    [InlineData(" v=1;", " v=2;", "v= is not 1")]
    [InlineData(" v=1;", "", "v= is missing")]
    [InlineData("a=rsa-sha256", "a=rsa-sha512", "a= names no known algorithm")]
    [InlineData("a=rsa-sha256", "a=RSA-SHA256", "a= names no known algorithm")]
    [InlineData("c=relaxed/relaxed", "c=relaxed/lax", "c= names")]
    [InlineData("c=relaxed/relaxed", "c=", "c= names")]
    [InlineData("d=example.test", "d=example..test", "d= is no domain")]
    [InlineData("d=example.test", "d=test", "d= is no domain")]
    [InlineData("d=example.test;", "", "d= is missing")]
    [InlineData("s=r", "s=", "s= is no selector")]
    [InlineData("s=r;", "", "s= is missing")]
    [InlineData("s=r;", "s=r; s=r;", "twice")]
    [InlineData("s=r;", "s=r;;", "empty tag")]
    [InlineData("s=r;", "s=r; q=http;", "q= does not name")]
    [InlineData("s=r;", "s=r; i=@example.net;", "outside d=")]
    [InlineData("s=r;", "s=r; i=@notexample.test;", "outside d=")]
    [InlineData("s=r;", "s=r; i=ann;", "i= has no domain")]
    [InlineData("s=r;", "s=r; l=1x;", "l= is no number")]
    [InlineData("s=r;", "s=r; x=soon;", "x= is no number")]
    [InlineData("s=r;", "s=r; x=1;", "before t=")]
    [InlineData("t=1795000000", "t=1 7", "t= is no number")]
    [InlineData("t=1795000000", "t=1; x=2", "expired")]
    [InlineData("h=From:From", "h=", "h= does not name From")]
    [InlineData("bh=", "zz=", "bh= is missing")]
    [InlineData("\r\n b=", "\r\n bb=", "b= is missing")]
    public async Task A_signature_that_breaks_a_rule_is_a_permanent_error_without_a_look_up(string part, string instead, string reason)
    {
        var message = Signed();
        var bent = message.Replace(part, instead, StringComparison.Ordinal);
        Assert.NotEqual(message, bent);
        var zone = Zone;
        var result = await VerifyOneAsync(bent, zone);
        Assert.Equal(DkimStatus.PermError, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
        Assert.Empty(zone.Asked);
    }

    [Theory]
    [InlineData("s=r;", "s=r; q=dns/txt;")]
    [InlineData("s=r;", "s=r; q=future/kind:dns/txt;")]
    [InlineData("s=r;", "s=r; i=ann=40@mail.Example.TEST;")]
    [InlineData("s=r;", "s=r; unknown=x y; z=From:a|To:b;")]
    public async Task Tags_that_are_right_get_as_far_as_the_signature(string part, string instead)
    {
        var result = await VerifyOneAsync(Signed().Replace(part, instead, StringComparison.Ordinal));
        Assert.Equal(DkimStatus.Fail, result.Status);
        Assert.Contains("the body is intact", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rsa_sha1_is_refused_as_policy()
    {
        var zone = Zone;
        var result = await VerifyOneAsync(Signed().Replace("rsa-sha256", "rsa-sha1", StringComparison.Ordinal), zone);
        Assert.Equal(DkimStatus.Policy, result.Status);
        Assert.Contains("RFC 8301", result.Reason, StringComparison.Ordinal);
        Assert.Empty(zone.Asked);
    }

    [Theory]
    [InlineData("Hello Bob", "Hello bob", "the body was changed")]
    [InlineData("Subject: Plan", "Subject: Plans", "the signed header fields were changed")]
    [InlineData("From: Ann", "From: Eve <eve@evil.test>\r\nFrom: Ann", "the signed header fields were changed")]
    [InlineData("From: Ann", "From: Eve\r\nFrom: Eve\r\nFrom: Ann", "a From field was added")]
    [InlineData("To: bob", "Reply-To: eve@evil.test\r\nTo: bob", "the signed header fields were changed")]
    [InlineData("\r\n b=", "\r\n b=AAAA", "the signed header fields were changed")]
    [InlineData("\r\n b=", "\r\n b=*", "b= is not base64")]
    [InlineData("bh=", "bh=AAAA", "bh= is not")]
    public async Task What_was_changed_on_the_way_fails_and_is_named(string part, string instead, string reason)
    {
        var result = await VerifyOneAsync(Signed().Replace(part, instead, StringComparison.Ordinal));
        Assert.Equal(DkimStatus.Fail, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_behind_the_limit_passes_and_shows_in_the_length_and_a_cut_body_fails()
    {
        var message = Signed(options: new DkimSignOptions { BodyLimit = Body.Length });
        var longer = await VerifyOneAsync(message + "Buy this\r\n");
        Assert.Equal((DkimStatus.Pass, (long)Body.Length, Body.Length + 10L), (longer.Status, longer.BodyLimit, longer.BodyLength));
        var cut = await VerifyOneAsync(message[..^5]);
        Assert.Equal(DkimStatus.Fail, cut.Status);
        Assert.Contains("was cut", cut.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_with_bare_line_feeds_verifies_as_it_was_in_transit() =>
        Assert.Equal(DkimStatus.Pass, (await VerifyOneAsync(Signed(options: new DkimSignOptions
        {
            HeaderCanonicalization = DkimCanonicalization.Simple,
            BodyCanonicalization = DkimCanonicalization.Simple,
        }).Replace("\r\n", "\n", StringComparison.Ordinal))).Status);

    [Theory]
    [InlineData(DnsStatus.NameError, DkimStatus.PermError, "does not exist")]
    [InlineData(DnsStatus.NoData, DkimStatus.PermError, "no TXT")]
    [InlineData(DnsStatus.Timeout, DkimStatus.TempError, "Timeout")]
    [InlineData(DnsStatus.ServerFailure, DkimStatus.TempError, "ServerFailure")]
    public async Task Without_a_key_the_answer_of_dns_decides(DnsStatus answer, DkimStatus status, string reason)
    {
        var result = await VerifyOneAsync(Signed(), new NameTable().Status(KeyName, answer));
        Assert.Equal(status, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_records_at_the_name_one_that_fits_is_enough()
    {
        using var other = DkimKey.GenerateRsa(1024);
        Assert.Equal(DkimStatus.Pass, (await VerifyOneAsync(Signed(), new NameTable().Text(KeyName, "v=spf1 -all", other.PublicRecord, Rsa.PublicRecord))).Status);
        var revoked = await VerifyOneAsync(Signed(), new NameTable().Text(KeyName, "v=spf1 -all", "v=DKIM1; p="));
        Assert.Equal(DkimStatus.PermError, revoked.Status);
        Assert.Contains("revoked", revoked.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_signature_has_its_own_result_in_header_order_and_a_name_is_asked_once()
    {
        var zone = Zone;
        var message = Signed();
        var field = message[..message.IndexOf("From: ", StringComparison.Ordinal)];
        var results = await VerifyAsync(field.Replace("s=r", "s=none", StringComparison.Ordinal) + field.Replace("v=1", "v=3", StringComparison.Ordinal) + field + message, zone);
        Assert.Equal([DkimStatus.PermError, DkimStatus.PermError, DkimStatus.Pass, DkimStatus.Pass], results.Select(r => r.Status));
        Assert.Equal(["none._domainkey.example.test", KeyName], zone.Asked);
    }

    [Fact]
    public async Task Only_the_first_twenty_signatures_are_verified_and_a_hundred_reported()
    {
        var zone = Zone;
        var message = Signed();
        var field = message[..message.IndexOf("From: ", StringComparison.Ordinal)];
        var results = await VerifyAsync(string.Concat(Enumerable.Repeat(field, 149)) + message, zone);
        Assert.Equal(DkimVerifier.MaxResults, results.Count);
        Assert.All(results.Take(20), r => Assert.Equal(DkimStatus.Pass, r.Status));
        Assert.All(results.Skip(20), r => Assert.Equal(DkimStatus.Policy, r.Status));
        Assert.Contains("50 more", results[^1].Reason, StringComparison.Ordinal);
        Assert.Single(zone.Asked);
    }

    [Fact]
    public async Task A_header_beyond_all_bounds_is_not_judged()
    {
        var result = await VerifyOneAsync(string.Concat(Enumerable.Repeat("X: y\r\n", 9_999)) + Signed(), Zone);
        Assert.Equal(DkimStatus.PermError, result.Status);
        Assert.Contains("more than 10000 fields", result.Reason, StringComparison.Ordinal);
    }
}
