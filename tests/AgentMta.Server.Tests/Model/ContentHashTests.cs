using System.Text;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Model;
using FsCheck;
using FsCheck.Fluent;

namespace AgentMta.Server.Tests.Model;

public sealed class ContentHashTests
{
    private const string Mail = "From: a@x.test\r\nSubject: one\r\n two\r\n\r\nBody\r\n";

    [Theory]
    [InlineData("Received: from a\r\n\tby b; now\r\nReturn-Path: <a@x.test>\r\nFrom: a@x.test\r\nSubject: one\r\n two\r\n\r\nBody\r\n")]
    [InlineData("From: a@x.test\r\nSubject:   one  two \r\nDKIM-Signature: v=1\r\nARC-Seal: i=1\r\nList-Id: <l>\r\nX-Spam: no\r\n\r\nBody\r\n\r\n")]
    public void What_relays_and_lists_add_does_not_count(string mail) => Assert.Equal(Hash(Mail), Hash(mail));

    [Theory]
    [InlineData("From: b@x.test\r\nSubject: one\r\n two\r\n\r\nBody\r\n")]
    [InlineData("From: a@x.test\r\nSubject: one\r\n two\r\nReply-To: c@x.test\r\n\r\nBody\r\n")]
    [InlineData("From: a@x.test\r\nSubject: one\r\n two\r\n\r\nbody\r\n")]
    [InlineData("From: a@x.test\r\nSubject: one\r\n two\r\nContent-Type: text/html\r\n\r\nBody\r\n")]
    public void What_a_person_reads_counts(string mail) => Assert.NotEqual(Hash(Mail), Hash(mail));

    [Fact]
    public void Any_octets_have_a_hash() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), octets => ContentHash.Compute(HeaderList.Parse(octets), octets).Length == 32).QuickCheckThrowOnFailure();

    private static byte[] Hash(string mail)
    {
        var octets = Encoding.ASCII.GetBytes(mail);
        return ContentHash.Compute(HeaderList.Parse(octets), octets);
    }
}
