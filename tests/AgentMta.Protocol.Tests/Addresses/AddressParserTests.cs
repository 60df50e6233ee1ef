using AgentMta.Protocol.Addresses;

namespace AgentMta.Protocol.Tests.Addresses;

public sealed class AddressParserTests
{
    [Theory]
    [InlineData("a@x.test", "a@x.test")]
    [InlineData("<a@x.test>", "a@x.test")]
    [InlineData("Ann <a@x.test>", "Ann <a@x.test>")]
    [InlineData("\"Smith, Ann\" <a@x.test>, b@x.test", "Smith, Ann <a@x.test>|b@x.test")]
    [InlineData("Ann M. Smith <a@x.test>", "Ann M. Smith <a@x.test>")]
    [InlineData("\"Joe \\\"Q\\\" Public\" <a@x.test>", "Joe \"Q\" Public <a@x.test>")]
    [InlineData("a@x.test (Ann Smith)", "Ann Smith <a@x.test>")]
    [InlineData("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete <pete@silly.test>")]
    [InlineData("A Group:Ed Jones <joe@a.test>,joe@where.test,John <jdoe@one.test>;", "Ed Jones <joe@a.test>|joe@where.test|John <jdoe@one.test>")]
    [InlineData("Undisclosed recipients:;", "")]
    [InlineData("undisclosed-recipients: ;, a@x.test", "a@x.test")]
    [InlineData("Mary <@a.test,@b.test:mary@x.test>", "Mary <mary@x.test>")]
    [InlineData("joe . public @ x.test", null)]
    [InlineData("john @ x.test", "john@x.test")]
    [InlineData("\"john smith\"@x.test", "\"john smith\"@x.test")]
    [InlineData("<\"john smith\"@x.test>", "\"john smith\"@x.test")]
    [InlineData("Ann Smith a@x.test", "Ann Smith <a@x.test>")]
    [InlineData("a@x.test; b@x.test", "a@x.test|b@x.test")]
    [InlineData("a@x.test,,b@x.test,", "a@x.test|b@x.test")]
    [InlineData("a@x.test <a@x.test>", "a@x.test <a@x.test>")]
    [InlineData("=?utf-8?Q?J=C3=BCrgen?= <j@x.test>", "Jürgen <j@x.test>")]
    [InlineData("\"=?utf-8?Q?J=C3=BCrgen?=\" <j@x.test>", "Jürgen <j@x.test>")]
    [InlineData("=?utf-8?Q?a,_b?= <j@x.test>, k@x.test", "a, b <j@x.test>|k@x.test")]
    [InlineData("jürgen@bücher.test", "jürgen@bücher.test")]
    [InlineData("Ann <a@x.test", "Ann <a@x.test>")]
    [InlineData("root", "root")]
    [InlineData("[192.0.2.1]", null)]
    [InlineData("a@[192.0.2.1]", "a@[192.0.2.1]")]
    [InlineData("", "")]
    [InlineData("<>", "")]
    [InlineData(",;:(", "")]
    public void Lists_are_read_as_they_come(string text, string? expected)
    {
        var read = string.Join('|', AddressParser.ParseList(text).Select(a => a.ToDisplay()));
        if (expected is not null)
            Assert.Equal(expected, read);
    }

    [Theory]
    [InlineData("Ann", "a", "x.test", "Ann <a@x.test>")]
    [InlineData("Smith, Ann", "a", "x.test", "\"Smith, Ann\" <a@x.test>")]
    [InlineData("A \"B\"", "a", "x.test", "\"A \\\"B\\\"\" <a@x.test>")]
    [InlineData("Jürgen", "a", "x.test", "=?utf-8?q?J=C3=BCrgen?= <a@x.test>")]
    [InlineData("", "a b", "x.test", "\"a b\"@x.test")]
    [InlineData("x\r\nBcc: y", "a", "x.test", "\"x Bcc: y\" <a@x.test>")]
    public void Addresses_are_written_quoted_and_encoded_where_they_must_be(string name, string local, string domain, string expected) =>
        Assert.Equal(expected, new MailAddress(name, local, domain).ToString());

    [Fact]
    public void A_hostile_list_takes_linear_time()
    {
        foreach (var piece in (string[])["(", "\"", "<", "a@", "a:", ",", "=?", "@,", "<a@b>", "a b ", "@ ", "\"\"@", ":"])
        {
            Assert.NotNull(AddressParser.ParseList(string.Concat(Enumerable.Repeat(piece, 60_000))));
            Assert.NotNull(AddressParser.ParseList("a@" + string.Concat(Enumerable.Repeat(piece, 60_000))));
        }
    }
}
