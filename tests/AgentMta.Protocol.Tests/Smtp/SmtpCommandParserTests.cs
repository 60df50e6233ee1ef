using System.Text;
using AgentMta.Protocol.Smtp;
using AgentMta.Protocol.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AgentMta.Protocol.Tests.Smtp;

public sealed class SmtpCommandParserTests
{
    [Theory]
    [InlineData("EHLO mail.x.test", SmtpVerb.Ehlo, "mail.x.test")]
    [InlineData("ehlo [192.0.2.1]", SmtpVerb.Ehlo, "[192.0.2.1]")]
    [InlineData("HELO my_host  ", SmtpVerb.Helo, "my_host")]
    [InlineData("MAIL FROM:<>", SmtpVerb.Mail, "")]
    [InlineData("mail from: <a@x.test>", SmtpVerb.Mail, "a@x.test")]
    [InlineData("MAIL FROM:<@r.test,@s.test:a@x.test>", SmtpVerb.Mail, "a@x.test")]
    [InlineData("MAIL FROM:<\"a\"@x.test>", SmtpVerb.Mail, "a@x.test")]
    [InlineData("MAIL FROM:<\"a b\\@>c\"@x.test>", SmtpVerb.Mail, "\"a b@>c\"@x.test")]
    [InlineData("RCPT TO:<a+tag=1@x.test>", SmtpVerb.Rcpt, "a+tag=1@x.test")]
    [InlineData("RCPT TO:<PostMaster>", SmtpVerb.Rcpt, "postmaster")]
    [InlineData("RCPT TO:<a@[192.0.2.1]>", SmtpVerb.Rcpt, "a@[192.0.2.1]")]
    [InlineData("RCPT TO:<a@[IPv6:2001:db8::1]>", SmtpVerb.Rcpt, "a@[IPv6:2001:db8::1]")]
    [InlineData("AUTH plain AAA=", SmtpVerb.Auth, "PLAIN")]
    [InlineData("NOOP anything <goes>", SmtpVerb.Noop, "")]
    [InlineData("StartTLS", SmtpVerb.StartTls, "")]
    [InlineData("DATA", SmtpVerb.Data, "")]
    public void Valid_lines_become_values(string line, SmtpVerb verb, string argument)
    {
        var command = Parse(line);
        Assert.Null(command.Fault);
        Assert.Equal((verb, argument), (command.Verb, command.Argument));
    }

    [Theory]
    [InlineData("", 500)]
    [InlineData(" NOOP", 500)]
    [InlineData("XYZZY", 500)]
    [InlineData("DATA now", 501)]
    [InlineData("QUIT x", 501)]
    [InlineData("EHLO", 501)]
    [InlineData("EHLO a b", 501)]
    [InlineData("EHLO a\tb", 500)]
    [InlineData("EHLO h\u00e9", 501)]
    [InlineData("NOOP \0", 500)]
    [InlineData("VRFY", 501)]
    [InlineData("VRFY \u00e9", 500)]
    [InlineData("MAIL", 501)]
    [InlineData("MAIL TO:<a@x.test>", 501)]
    [InlineData("MAIL FROM:a@x.test", 501)]
    [InlineData("MAIL FROM:<a@x.test", 501)]
    [InlineData("MAIL FROM:<a@x.test>SIZE=1", 501)]
    [InlineData("MAIL FROM:<postmaster>", 501)]
    [InlineData("MAIL FROM:<a@>", 501)]
    [InlineData("MAIL FROM:<@x.test>", 501)]
    [InlineData("MAIL FROM:<a..b@x.test>", 501)]
    [InlineData("MAIL FROM:<.a@x.test>", 501)]
    [InlineData("MAIL FROM:<a b@x.test>", 501)]
    [InlineData("MAIL FROM:<a@-x.test>", 501)]
    [InlineData("MAIL FROM:<a@x..test>", 501)]
    [InlineData("MAIL FROM:<a@x.test.>", 501)]
    [InlineData("MAIL FROM:<a@[300.1.1.1]>", 501)]
    [InlineData("MAIL FROM:<a@[1]>", 501)]
    [InlineData("MAIL FROM:<a@[IPv6:fe80::1%1]>", 501)]
    [InlineData("MAIL FROM:<a@b@x.test>", 501)]
    [InlineData("MAIL FROM:<\"\"@x.test>", 501)]
    [InlineData("MAIL FROM:<\"a@x.test>", 501)]
    [InlineData("MAIL FROM:<a@x.test> SIZE=", 501)]
    [InlineData("MAIL FROM:<a@x.test> SIZE=-1", 501)]
    [InlineData("MAIL FROM:<a@x.test> SIZE=1 SIZE=1", 501)]
    [InlineData("MAIL FROM:<a@x.test> SIZE 10000", 501)]
    [InlineData("MAIL FROM:<a@x.test> BODY=BINARYMIME", 501)]
    [InlineData("MAIL FROM:<a@x.test> SMTPUTF8=YES", 501)]
    [InlineData("MAIL FROM:<a@x.test> RET=SOME", 501)]
    [InlineData("MAIL FROM:<a@x.test> ENVID=a+b", 501)]
    [InlineData("MAIL FROM:<a@x.test> FOO=BAR", 555)]
    [InlineData("MAIL FROM:<a@x.test> NOTIFY=NEVER", 555)]
    [InlineData("RCPT TO:<>", 501)]
    [InlineData("RCPT TO:<a@x.test> NOTIFY=NEVER,DELAY", 501)]
    [InlineData("RCPT TO:<a@x.test> NOTIFY=DELAY,DELAY", 501)]
    [InlineData("RCPT TO:<a@x.test> ORCPT=rfc822", 501)]
    [InlineData("RCPT TO:<a@x.test> FOOBAR", 555)]
    [InlineData("BDAT", 501)]
    [InlineData("BDAT -1", 501)]
    [InlineData("BDAT 1 FIRST", 501)]
    [InlineData("BDAT 9999999999999999999", 501)]
    [InlineData("AUTH", 501)]
    [InlineData("AUTH PLAIN a b", 501)]
    public void Faulty_lines_become_refusals(string line, int code) => Assert.Equal(code, Parse(line).Fault?.Code);

    [Fact]
    public void Parameters_are_kept()
    {
        var mail = Parse("MAIL FROM:<a@x.test> size=12 body=8bitmime SMTPUTF8 REQUIRETLS RET=hdrs ENVID=x+2By");
        Assert.Equal((12L, true, new DsnRequest("HDRS", "x+2By")), (mail.Size, mail.EightBit, mail.Dsn));
        Assert.True(mail.Has(EsmtpParameters.SmtpUtf8) && mail.Has(EsmtpParameters.RequireTls));
        Assert.Equal(long.MaxValue, Parse("MAIL FROM:<a@x.test> SIZE=99999999999999999999999").Size);
        var rcpt = Parse("RCPT TO:<a@x.test> NOTIFY=success,DELAY ORCPT=rfc822;a+40x.test");
        Assert.Equal(new DsnRequest(Notify: "SUCCESS,DELAY", OriginalRecipient: "rfc822;a+40x.test"), rcpt.Dsn);
        var chunk = Parse("BDAT 42 last");
        Assert.Equal((42L, true), (chunk.Size, chunk.Last));
    }

    [Fact]
    public void Octets_beyond_ascii_are_told_and_must_be_utf8()
    {
        var good = SmtpCommandParser.Parse("MAIL FROM:<j\u00f6rg@b\u00fccher.test> SMTPUTF8"u8);
        Assert.Equal(("j\u00f6rg@b\u00fccher.test", true), (good.Argument, good.NonAscii));
        Assert.Equal(501, SmtpCommandParser.Parse([.. "MAIL FROM:<j"u8, 0xF6, .. "rg@x.test> SMTPUTF8"u8]).Fault?.Code);
        Assert.Equal(501, SmtpCommandParser.Parse("MAIL FROM:<a\u0085b@x.test> SMTPUTF8"u8).Fault?.Code);
    }

    [Fact]
    public void Lengths_are_those_of_the_rfc()
    {
        Assert.Null(Parse($"RCPT TO:<{new string('a', 64)}@x.test>").Fault);
        Assert.NotNull(Parse($"RCPT TO:<{new string('a', 65)}@x.test>").Fault);
        Assert.NotNull(Parse($"RCPT TO:<a@{new string('a', 64)}.test>").Fault);
        Assert.NotNull(Parse($"RCPT TO:<a@{string.Join('.', Enumerable.Repeat("abcdefg", 40))}>").Fault);
    }

    [Fact]
    public void No_octets_make_it_throw()
    {
        string[] starts = ["", "MAIL FROM:", "MAIL FROM:<a@x.test> ", "RCPT TO:<", "RCPT TO:<a@x.test> ORCPT=", "AUTH PLAIN ", "BDAT ", "EHLO ", "MAIL FROM:<\"", "MAIL FROM:<a@["];
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(2000)), Prop.ForAll<byte[], byte>((octets, start) =>
        {
            var command = SmtpCommandParser.Parse([.. Encoding.ASCII.GetBytes(starts[start % starts.Length]), .. octets]);
            return command.Fault is not null || command.Argument is not null;
        }));
    }

    private static SmtpCommand Parse(string line) => SmtpCommandParser.Parse(Encoding.Latin1.GetBytes(line));
}
