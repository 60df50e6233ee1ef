using AgentMta.Protocol.MailAuth.Dmarc;

namespace AgentMta.Protocol.Tests.MailAuth.Dmarc;

public sealed class DmarcRecordParserTests
{
    [Theory]
    [InlineData("v=DMARC1", true)]
    [InlineData("v=DMARC1;", true)]
    [InlineData("v = DMARC1 ; p=none", true)]
    [InlineData("V=DMARC1; p=none", true)]
    [InlineData("v=dmarc1; p=none", false)]
    [InlineData("v=DMARC10; p=none", false)]
    [InlineData("v=DMARC1 p=none", false)]
    [InlineData("p=none; v=DMARC1", false)]
    [InlineData(" v=DMARC1; p=none", false)]
    [InlineData("", false)]
    public void The_version_comes_first_and_is_exact(string text, bool expected) => Assert.Equal(expected, DmarcRecordParser.Parse(text) is not null);

    [Fact]
    public void All_tags_are_read()
    {
        var record = DmarcRecordParser.Parse("v=DMARC1; p=Reject; SP=quarantine;np=none ;adkim=S; aspf=s;psd=n; t=y;pct=25; rua=mailto:a@b.test!10m, https://c.test/x ;ruf=mailto:f@b.test;fo=1:d:s; x=y;")!;
        Assert.Equal((DmarcPolicy.Reject, DmarcPolicy.Quarantine, DmarcPolicy.None), (record.P, record.Sp, record.Np));
        Assert.True(record is { StrictDkim: true, StrictSpf: true, Testing: true, Psd: DmarcPsd.No, Percent: 25, FailureOptions: "1:d:s" });
        Assert.Equal(["mailto:a@b.test", "https://c.test/x"], record.AggregateUris);
        Assert.Equal(["mailto:f@b.test"], record.FailureUris);
    }

    [Fact]
    public void Faulty_values_fall_back_to_their_defaults()
    {
        var record = DmarcRecordParser.Parse("v=DMARC1; p=refuse; sp=; np=x; adkim=x; aspf=; psd=maybe; t=1; pct=101; rua=b@c.test, mailto:, mailto:@x; =; ;;; pct")!;
        Assert.True(record is { P: null, Sp: null, Np: null, HasBadSp: true, HasBadNp: true, StrictDkim: false, StrictSpf: false, Psd: DmarcPsd.Unknown, Testing: false, Percent: 100 });
        Assert.Empty(record.AggregateUris);
    }

    [Fact]
    public void Of_a_repeated_tag_the_first_counts()
    {
        var record = DmarcRecordParser.Parse("v=DMARC1; p=reject; p=none; pct=1; pct=99")!;
        Assert.Equal((DmarcPolicy.Reject, 1), (record.P, record.Percent));
    }
}
