using System.Net;
using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.Dns;

public sealed class DnsResponseReaderTests
{
    private static readonly SoaRecord Soa = new("a.test", 900, "ns.a.test", "h.a.test", 1, 1, 1, 1, 300);

    [Fact]
    public void A_chain_ends_in_its_records_with_the_least_ttl()
    {
        var result = Read(new DnsMessage
        {
            AuthenticData = true,
            Answers = [Cname("x.a.test", "y.a.test", 50), Cname("y.a.test", "z.b.test", 40), A("z.b.test", 30), A("z.b.test", 20), A("other.test", 1)],
        });
        Assert.Equal((DnsStatus.Ok, 2, true, 20u, "z.b.test"), (result.Answer.Status, result.Answer.Records.Count, result.Answer.Authenticated, result.Answer.Ttl, result.Answer.CanonicalName));
    }

    [Fact]
    public void A_chain_may_stand_in_any_order() =>
        Assert.Equal(DnsStatus.Ok, Read(new DnsMessage { Answers = [A("y.a.test", 30), Cname("x.a.test", "y.a.test", 50)] }).Answer.Status);

    [Fact]
    public void Records_beside_the_chain_are_not_believed() =>
        Assert.Equal(DnsStatus.NoData, Read(new DnsMessage { Authoritative = true, Answers = [A("bank.test", 30)], Additional = [A("x.a.test", 5)] }).Answer.Status);

    [Fact]
    public void A_chain_that_goes_on_elsewhere_is_asked_for()
    {
        var result = Read(new DnsMessage { Authoritative = true, Answers = [Cname("x.a.test", "y.b.test", 50)] });
        Assert.Equal(("y.b.test", 50u), (result.AskNext, result.Answer.Ttl));
    }

    [Fact]
    public void A_loop_of_aliases_is_a_failure_that_no_other_server_mends()
    {
        var result = Read(new DnsMessage { Answers = [Cname("x.a.test", "y.a.test", 50), Cname("y.a.test", "x.a.test", 40)] });
        Assert.Equal((DnsStatus.ServerFailure, false), (result.Answer.Status, result.Lame));
    }

    [Theory]
    [InlineData(DnsResponseCode.NoError, DnsStatus.NoData)]
    [InlineData(DnsResponseCode.NameError, DnsStatus.NameError)]
    public void A_negative_answer_lives_by_the_SOA(DnsResponseCode code, DnsStatus status)
    {
        var result = Read(new DnsMessage { ResponseCode = code, RecursionAvailable = true, Authority = [Soa] });
        Assert.Equal((status, 300u), (result.Answer.Status, result.Answer.Ttl));
        result = Read(new DnsMessage { ResponseCode = code, RecursionAvailable = true, Authority = [Soa with { Name = "b.test" }] });
        Assert.Equal((status, 0u), (result.Answer.Status, result.Answer.Ttl));
    }

    [Fact]
    public void Behind_an_alias_a_name_error_speaks_of_its_target()
    {
        var result = Read(new DnsMessage { ResponseCode = DnsResponseCode.NameError, Answers = [Cname("x.a.test", "y.a.test", 50)], Authority = [Soa] });
        Assert.Equal((DnsStatus.NameError, 50u, "y.a.test", null), (result.Answer.Status, result.Answer.Ttl, result.Answer.CanonicalName, result.AskNext));
    }

    [Fact]
    public void A_referral_and_an_empty_answer_of_nobody_are_lame()
    {
        Assert.True(Read(new DnsMessage { RecursionAvailable = true, Authority = [new NameRecord("test", DnsRecordType.NS, 1, "ns.test")] }).Lame);
        Assert.True(Read(new DnsMessage()).Lame);
        Assert.False(Read(new DnsMessage { RecursionAvailable = true }).Lame);
    }

    [Theory]
    [InlineData(DnsResponseCode.ServerFailure)]
    [InlineData(DnsResponseCode.Refused)]
    [InlineData(DnsResponseCode.FormatError)]
    public void A_failure_is_left_to_other_servers(DnsResponseCode code)
    {
        var result = Read(new DnsMessage { ResponseCode = code });
        Assert.Equal((DnsStatus.ServerFailure, true), (result.Answer.Status, result.Lame));
    }

    [Fact]
    public void An_alias_asked_for_itself_is_not_followed()
    {
        var result = DnsResponseReader.Read(new DnsMessage { Answers = [Cname("x.a.test", "y.a.test", 50)] }, "x.a.test", DnsRecordType.CNAME);
        Assert.Equal((DnsStatus.Ok, "x.a.test"), (result.Answer.Status, result.Answer.CanonicalName));
    }

    private static DnsResponseResult Read(DnsMessage response) => DnsResponseReader.Read(response, "x.a.test", DnsRecordType.A);

    private static NameRecord Cname(string name, string target, uint ttl) => new(name, DnsRecordType.CNAME, ttl, target);

    private static AddressRecord A(string name, uint ttl) => new(name, ttl, IPAddress.Loopback);
}
