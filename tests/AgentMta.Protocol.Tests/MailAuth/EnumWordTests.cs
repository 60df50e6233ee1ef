using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.Tests.MailAuth;

public sealed class EnumWordTests
{
    [Fact]
    public void Values_are_lower_case_words()
    {
        Assert.Equal("softfail", EnumWord.Of(SpfStatus.SoftFail));
        Assert.Equal("quarantine", EnumWord.Of(DmarcPolicy.Quarantine));
        Assert.Same(EnumWord.Of(SpfStatus.Pass), EnumWord.Of(SpfStatus.Pass));
    }

    [Fact]
    public void A_value_without_a_name_is_its_number() => Assert.Equal("77", EnumWord.Of((SpfStatus)77));
}
