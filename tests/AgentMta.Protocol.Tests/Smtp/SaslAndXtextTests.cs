using System.Text;
using AgentMta.Protocol.Smtp;
using AgentMta.Protocol.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AgentMta.Protocol.Tests.Smtp;

public sealed class SaslAndXtextTests
{
    [Theory]
    [InlineData("\0user\0pass", "")]
    [InlineData("user\0user\0pass", "user")]
    [InlineData("other\0user\0pass", "other")]
    [InlineData("\0user\0", null)]
    [InlineData("\0\0pass", null)]
    [InlineData("user\0pass", null)]
    [InlineData("\0user\0pa\0ss", null)]
    [InlineData("", null)]
    public void Plain_has_three_parts_of_which_the_first_may_be_empty(string message, string? authorize)
    {
        Assert.Equal(authorize is not null, SaslMessage.TryPlain(Encoding.UTF8.GetBytes(message), out var forWhom, out var user, out var password));
        Assert.Equal(authorize is null ? ("", "", "") : (authorize, "user", "pass"), (forWhom, user, password));
    }

    [Theory]
    [InlineData("n,a=u@x.test,\u0001host=h\u0001port=587\u0001auth=Bearer tok\u0001\u0001", "u@x.test", "tok")]
    [InlineData("n,a=u=2Cv@x.test,\u0001auth=bearer tok\u0001\u0001", "u,v@x.test", "tok")]
    [InlineData("n,,\u0001auth=Bearer tok\u0001\u0001", "", "tok")]
    public void Bearer_tokens_are_found(string message, string user, string token)
    {
        Assert.True(SaslMessage.TryOAuthBearer(Encoding.UTF8.GetBytes(message), out var gotUser, out var gotToken));
        Assert.Equal((user, token), (gotUser, gotToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u0001")]
    [InlineData("p=x,,\u0001auth=Bearer tok\u0001\u0001")]
    [InlineData("n,,\u0001auth=Basic tok\u0001\u0001")]
    [InlineData("n,,\u0001auth=Bearer \u0001\u0001")]
    public void What_is_no_bearer_message_is_refused(string message) => Assert.False(SaslMessage.TryOAuthBearer(Encoding.UTF8.GetBytes(message), out _, out _));

    [Theory]
    [InlineData("=", "")]
    [InlineData("YQ==", "a")]
    public void Base64_is_decoded(string line, string expected)
    {
        Assert.True(SaslMessage.TryBase64(Encoding.ASCII.GetBytes(line), out var message));
        Assert.Equal(expected, Encoding.ASCII.GetString(message));
    }

    [Theory]
    [InlineData("YQ=")]
    [InlineData("Y Q==")]
    [InlineData("!!!!")]
    public void What_is_no_base64_is_refused(string line) => Assert.False(SaslMessage.TryBase64(Encoding.ASCII.GetBytes(line), out _));

    [Fact]
    public void Xtext_of_any_text_decodes_to_it()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(1000)), Prop.ForAll(Gen.Elements("a", "+", "=", " ", "\u00e9", "@", "\0", "\u20ac").NonEmptyListOf().Select(l => string.Concat(l)).ToArbitrary(),
            text => Xtext.IsValid(Encoding.ASCII.GetBytes(Xtext.Encode(text))) && Xtext.TryDecode(Xtext.Encode(text), out var decoded) && decoded == text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a+4")]
    [InlineData("a+4g")]
    [InlineData("a+ff")]
    [InlineData("a=b")]
    [InlineData("a+FF")]
    public void What_is_no_xtext_is_refused(string text) => Assert.False(Xtext.TryDecode(text, out _));
}
