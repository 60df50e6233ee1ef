using AgentMta.Server.Api;

namespace AgentMta.Server.Tests.Api;

public sealed class TraceResponseTests
{
    private const string Session = """{"helo":"mx.test","recipients":["a@one.test","b@two.test"]}""";
    private const string Verdicts = """{"recipient":"a@one.test","gates":[]}""";

    [Fact]
    public void A_key_of_one_pod_or_inbox_sees_no_other_recipient_of_the_message()
    {
        var narrow = TraceResponse.Of("<1@x.test>", Verdicts, null, Session, wholeWorkspace: false);
        Assert.Equal("""["a@one.test"]""", narrow.Session!.Value.GetProperty("recipients").GetRawText());
        Assert.Equal("mx.test", narrow.Session.Value.GetProperty("helo").GetString());
        Assert.DoesNotContain("b@two.test", narrow.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_the_workspace_sees_them_all() =>
        Assert.Equal(2, TraceResponse.Of("<1@x.test>", Verdicts, null, Session, wholeWorkspace: true).Session!.Value.GetProperty("recipients").GetArrayLength());
}
