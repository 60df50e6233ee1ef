using System.Text;
using AgentMta.Server.Inbound;

namespace AgentMta.Server.Tests.Inbound;

public sealed class CheapMessageTests
{
    [Theory]
    [InlineData("", true)]
    [InlineData("Subject: hello\r\n\r\nGood morning, my signature comes by mail.\r\n", true)]
    [InlineData("Content-Type: text/html\r\n\r\n<p>", false)]
    [InlineData("Content-Type: Text/hTmL\r\n\r\n<p>", false)]
    [InlineData("html", false)]
    [InlineData("htm", true)]
    [InlineData("DKIM-Signature: a\r\nDkim-signature: b\r\nARC-Message-Signature: c\r\n\r\n", true)]
    [InlineData("DKIM-Signature: a\r\nDkim-signature: b\r\nARC-Message-Signature: c\r\nDKIM-SIGNATURE: d\r\n\r\n", false)]
    [InlineData("g", true)]
    [InlineData("mmmm", true)]
    public void Html_and_many_signatures_are_not_cheap(string message, bool cheap) => Assert.Equal(cheap, CheapMessage.Is(Encoding.ASCII.GetBytes(message)));

    [Fact]
    public void Large_messages_are_not_cheap()
    {
        Assert.True(CheapMessage.Is(new byte[CheapMessage.Limit]));
        Assert.False(CheapMessage.Is(new byte[CheapMessage.Limit + 1]));
    }
}
