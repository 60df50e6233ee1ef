using System.Net;
using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.Tests.MailAuth;

public sealed class AuthenticationResultsWriterTests
{
    private static readonly IPAddress Client = IPAddress.Parse("2001:db8::25");

    [Fact]
    public void Without_results_the_field_says_none() =>
        Assert.Equal("Authentication-Results: mx.example.com; none\r\n", new AuthenticationResultsWriter("mx.example.com").ToField());

    [Fact]
    public void Results_are_written_with_the_properties_of_the_registry()
    {
        var writer = new AuthenticationResultsWriter("mx.example.com");
        writer.AddSpf(Spf(SpfStatus.Pass), "u@example.com");
        writer.AddDkim([new DkimResult(DkimStatus.Pass, "example.com", "s1", "user@example.com", "rsa-sha256", null) { SignaturePrefix = "ab/d+f==" }]);
        writer.AddDmarc(new DmarcResult(DmarcStatus.Pass, "news.example.com", DmarcPolicy.Reject, "sp", "example.com", "example.com", DmarcRecordParser.Parse("v=DMARC1; p=none; sp=reject"), [], DmarcPolicy.None, ""));
        writer.AddArc(new ArcResult(ArcStatus.Pass, 1, [new ArcSeal(1, "list.example", "a", "none", null)], null), Client);
        writer.AddIprev(new IprevResult(IprevStatus.Pass, "mail.example.com", ""), Client);
        writer.AddAuth("me@example.com");
        Assert.Equal(
            "Authentication-Results: mx.example.com;\r\n" +
            "\tspf=pass smtp.mailfrom=u@example.com;\r\n" +
            "\tdkim=pass header.d=example.com header.i=user@example.com header.s=s1\r\n" +
            "\theader.a=rsa-sha256 header.b=\"ab/d+f==\";\r\n" +
            "\tdmarc=pass header.from=news.example.com polrec.p=none\r\n" +
            "\tpolrec.domain=example.com;\r\n" +
            "\tarc=pass (i=1 sealed by list.example) smtp.remote-ip=\"2001:db8::25\";\r\n" +
            "\tiprev=pass (mail.example.com) policy.iprev=\"2001:db8::25\";\r\n" +
            "\tauth=pass smtp.auth=me@example.com\r\n",
            writer.ToField());
    }

    [Fact]
    public void The_null_reverse_path_is_reported_as_the_helo_name()
    {
        var writer = new AuthenticationResultsWriter("mx.test");
        writer.AddSpf(Spf(SpfStatus.None) with { Domain = "h.test", Reason = "no \"record\" \\ here" }, "");
        Assert.Equal("Authentication-Results: mx.test;\r\n\tspf=none reason=\"no \\\"record\\\" \\\\ here\" smtp.helo=h.test\r\n", writer.ToField());
    }

    [Theory]
    [InlineData("a b@example.com", "\"a b\"@example.com")]
    [InlineData("a\"b@example.com", "\"a\\\"b\"@example.com")]
    [InlineData("a..b@example.com", "\"a..b\"@example.com")]
    [InlineData("a+b=c/d@example.com", "a+b=c/d@example.com")]
    [InlineData("@example.com", "@example.com")]
    [InlineData("u@[192.0.2.1]", "\"u@[192.0.2.1]\"")]
    [InlineData("nodomain", "nodomain")]
    [InlineData("x\r\nInjected: y@example.com", "\"x  Injected: y\"@example.com")]
    [InlineData("ü@example.com", "\"ü\"@example.com")]
    [InlineData("evil; dmarc=pass@example.com", "\"evil; dmarc=pass\"@example.com")]
    public void Addresses_of_strangers_are_quoted_where_needed(string address, string expected) => Assert.Equal(expected, HeaderValue.Address(address));

    [Fact]
    public void Lines_stay_under_78_columns_where_words_allow_it()
    {
        var writer = new AuthenticationResultsWriter("mx.example.com");
        writer.AddSpf(Spf(SpfStatus.PermError) with { Reason = string.Join(' ', Enumerable.Repeat("because", 60)) }, "someone.with.a.long.name@mail.example.com");
        writer.AddDkim([.. Enumerable.Range(0, 5).Select(i => new DkimResult(DkimStatus.Fail, $"signer{i}.example.com", "selector2026", "@example.com", "ed25519-sha256", "the body hash does not match"))]);
        Assert.All(writer.ToField().Split("\r\n"), line => Assert.True(line.Replace("\t", "        ", StringComparison.Ordinal).Length <= 78, line));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var writer = new AuthenticationResultsWriter("mx.example.com");
        writer.AddSpf(Spf(SpfStatus.Fail) with { Reason = "a ; b (c) = \"d\"" }, "a b;c@example.com");
        writer.AddDkim([new DkimResult(DkimStatus.Policy, "example.com", "s", "@sub.example.com", "rsa-sha1", "x") { SignaturePrefix = "a/+=" }]);
        var field = writer.ToField();
        var read = AuthenticationResultsParser.Parse(field[(field.IndexOf(':', StringComparison.Ordinal) + 1)..])!;
        Assert.Equal("mx.example.com", read.AuthservId);
        Assert.Equal(["spf=fail", "dkim=policy"], read.Methods.Select(m => $"{m.Method}={m.Result}"));
        Assert.Equal("a b;c@example.com", read.Methods[0].Property("smtp.mailfrom"));
        Assert.Equal("a ; b (c) = \"d\"", read.Methods[0].Property("reason"));
        Assert.Equal("a/+=", read.Methods[1].Property("header.b"));
        Assert.Equal("@sub.example.com", read.Methods[1].Property("header.i"));
    }

    [Fact]
    public void Received_SPF_has_the_pairs_of_RFC_7208()
    {
        var field = ReceivedSpfWriter.Field(Spf(SpfStatus.Fail), Client, "h.test", "u@example.com", "mx.test");
        Assert.Equal(
            "Received-SPF: fail (mx.test: why) client-ip=\"2001:db8::25\";\r\n\tenvelope-from=\"u@example.com\"; helo=h.test; receiver=mx.test;\r\n\tidentity=mailfrom; mechanism=-all;\r\n",
            field);
    }

    private static SpfResult Spf(SpfStatus status) => new(status, SpfIdentity.MailFrom, "example.com", "u@example.com", "-all", null, "why", 1, 0);
}
