using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.Dns;

public sealed class DnsAnswerTests
{
    [Theory]
    [InlineData(DnsStatus.Timeout, true, false)]
    [InlineData(DnsStatus.ServerFailure, true, false)]
    [InlineData(DnsStatus.NameError, false, true)]
    [InlineData(DnsStatus.NoData, false, true)]
    [InlineData(DnsStatus.Ok, false, false)]
    public void Only_a_timeout_or_a_failed_server_is_temporary_and_only_absence_is_void(DnsStatus status, bool temporary, bool isVoid)
    {
        var answer = DnsAnswer.Empty(status, "example.test");
        Assert.Equal(temporary, answer.IsTemporary);
        Assert.Equal(isVoid, answer.IsVoid);
    }
}
