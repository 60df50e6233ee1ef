using AgentMta.Protocol.Smtp;

namespace AgentMta.Protocol.Tests.Smtp;

public sealed class CommandOrderTests
{
    [Fact]
    public void Every_verb_has_a_row_and_every_state_a_column()
    {
        foreach (var verb in Enum.GetValues<SmtpVerb>())
        {
            foreach (var state in Enum.GetValues<SessionState>())
                Assert.True(CommandOrder.Refusal(state, verb) is null or { Code: 503 or 554, EnhancedStatus: "5.5.1" });
        }
    }

    [Theory]
    [InlineData(SessionState.Connected, SmtpVerb.Mail, 503)]
    [InlineData(SessionState.Connected, SmtpVerb.Quit, null)]
    [InlineData(SessionState.Connected, SmtpVerb.StartTls, 503)]
    [InlineData(SessionState.Greeted, SmtpVerb.Rcpt, 503)]
    [InlineData(SessionState.Greeted, SmtpVerb.Auth, null)]
    [InlineData(SessionState.MailGiven, SmtpVerb.Mail, 503)]
    [InlineData(SessionState.MailGiven, SmtpVerb.Data, 554)]
    [InlineData(SessionState.RcptGiven, SmtpVerb.Data, null)]
    [InlineData(SessionState.RcptGiven, SmtpVerb.Auth, 503)]
    [InlineData(SessionState.Chunking, SmtpVerb.Data, 503)]
    [InlineData(SessionState.Chunking, SmtpVerb.Rcpt, 503)]
    [InlineData(SessionState.Chunking, SmtpVerb.Bdat, null)]
    [InlineData(SessionState.Chunking, SmtpVerb.Rset, null)]
    public void The_table_says_what_the_rfc_says(SessionState state, SmtpVerb verb, int? code) => Assert.Equal(code, CommandOrder.Refusal(state, verb)?.Code);
}
