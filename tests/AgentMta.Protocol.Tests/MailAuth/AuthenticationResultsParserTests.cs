using System.Text;
using AgentMta.Protocol.MailAuth;

namespace AgentMta.Protocol.Tests.MailAuth;

public sealed class AuthenticationResultsParserTests
{
    // RFC 8601 appendix B.
    [Fact]
    public void The_examples_of_the_RFC_are_read()
    {
        var read = AuthenticationResultsParser.Parse(" foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n  policy (A dot can go here) . (like that) expired\r\n  (this surprised me) = (as I wasn't expecting it) 1362471462")!;
        Assert.Equal("foo.example.net", read.AuthservId);
        var method = Assert.Single(read.Methods);
        Assert.Equal(("dkim", "fail", "1362471462"), (method.Method, method.Result, method.Property("policy.expired")));

        read = AuthenticationResultsParser.Parse("example.com;\r\n sender-id=fail header.from=example.com;\r\n dkim=pass (good signature) header.d=example.com; none")!;
        Assert.Equal(["sender-id=fail", "dkim=pass"], read.Methods.Select(m => $"{m.Method}={m.Result}"));
        Assert.Equal("example.com", read.Methods[1].Property("header.d"));
        Assert.Empty(AuthenticationResultsParser.Parse("example.org 1; none")!.Methods);
    }

    [Theory]
    [InlineData("")]
    [InlineData("(unclosed comment mx.test; spf=pass")]
    [InlineData(";spf=pass")]
    public void Without_an_authserv_id_there_is_nothing(string value) => Assert.Null(AuthenticationResultsParser.Parse(value));

    [Fact]
    public void Nested_comments_take_linear_time() =>
        Assert.Null(AuthenticationResultsParser.Parse(new string('(', 60_000)));

    [Theory]
    [InlineData("mx.test; spf=pass", true)]
    [InlineData("MX.Test; spf=pass", true)]
    [InlineData("mx.test", true)]
    [InlineData("\"mx.te\\st\"; spf=pass", true)]
    [InlineData("(comment) mx.test. 1; spf=pass", true)]
    [InlineData("(unclosed mx.test; spf=pass", true)]
    [InlineData("mx.test.other; spf=pass", false)]
    [InlineData("other.test; x=y (mx.test)", false)]
    [InlineData("(unclosed other.test; spf=pass", false)]
    public void Fields_that_claim_our_name_are_found(string value, bool own)
    {
        var before = "Received: from x\r\n";
        var field = $"authentication-RESULTS:\r\n\t{value}\r\n";
        var message = Encoding.UTF8.GetBytes(before + field + "Subject: Authentication-Results: mx.test\r\n\r\nAuthentication-Results: mx.test; spf=pass\r\n");
        var found = AuthenticationResultsFilter.FindOwn(message, ["mx.test", "other-name.test"]);
        Assert.Equal(own ? [(before.Length, field.Length)] : [], found);
    }
}
