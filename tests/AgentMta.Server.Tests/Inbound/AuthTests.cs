using System.Text;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class AuthTests
{
    private const string User = "agent@agentmta.test";

    [Fact]
    public async Task Plain_with_an_initial_response_opens_submission()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        Assert.Equal((530, "5.7.0"), Of(await client.SayAsync("MAIL FROM:<agent@agentmta.test>")));
        Assert.Equal((235, "2.7.0"), Of(await client.SayAsync("AUTH PLAIN " + Base64($"\0{User}\0s3cret"))));
        Assert.Equal(503, (await client.SayAsync("AUTH PLAIN " + Base64($"\0{User}\0s3cret"))).Code);
        Assert.Equal(250, (await client.SayAsync("MAIL FROM:<agent@agentmta.test> RET=HDRS ENVID=a+2Bb AUTH=<>")).Code);
        Assert.Equal(250, (await client.SayAsync("RCPT TO:<x@elsewhere.test> NOTIFY=SUCCESS,failure ORCPT=rfc822;x@elsewhere.test")).Code);
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);
        Assert.Equal(250, (await client.SayAsync("x\r\n.")).Code);
        var envelope = Assert.Single(server.Messages).Envelope;
        Assert.Equal((User, "key"), (envelope.Session.User, envelope.Session.Credential?.ApiKeyId));
        Assert.Equal(("HDRS", "a+2Bb"), (envelope.DsnReturn, envelope.DsnEnvelopeId));
        Assert.Equal(("SUCCESS,FAILURE", "rfc822;x@elsewhere.test"), (envelope.Recipients[0].Notify, envelope.Recipients[0].OriginalRecipient));
    }

    [Fact]
    public async Task Plain_login_and_oauthbearer_work_with_challenges()
    {
        await using var server = await SmtpTestServer.StartAsync();
        foreach (var lines in new string[][]
                 {
                     ["AUTH PLAIN", Base64($"\0{User}\0s3cret")],
                     ["AUTH login", Base64(User), Base64("s3cret")],
                     ["AUTH LOGIN " + Base64(User), Base64("s3cret")],
                     ["AUTH OAUTHBEARER", Base64($"n,a={User},\u0001host=x\u0001auth=Bearer s3cret\u0001\u0001")],
                 })
        {
            await using var client = await HelloAsync(server);
            foreach (var line in lines[..^1])
                Assert.Equal(334, (await client.SayAsync(line)).Code);
            Assert.Equal(235, (await client.SayAsync(lines[^1])).Code);
        }
    }

    [Theory]
    [InlineData("AUTH PLAIN !!!", 501)]
    [InlineData("AUTH PLAIN AGE=", 501)]
    [InlineData("AUTH CRAM-MD5", 504)]
    [InlineData("AUTH", 501)]
    [InlineData("AUTH PLAIN AGEAYg==", 535)]
    [InlineData("AUTH PLAIN b3RoZXIAYWdlbnRAYWdlbnRtdGEudGVzdABzM2NyZXQ=", 535)] // a good secret, to act for another: RFC 4616 2
    public async Task Faults_have_their_codes(string line, int code)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        Assert.Equal(code, (await client.SayAsync(line)).Code);
        Assert.Equal(250, (await client.SayAsync("NOOP")).Code);
    }

    [Fact]
    public async Task A_star_cancels()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        Assert.Equal(334, (await client.SayAsync("AUTH LOGIN")).Code);
        Assert.Equal(501, (await client.SayAsync("*")).Code);
        Assert.Equal(250, (await client.SayAsync("NOOP")).Code);
    }

    [Fact]
    public async Task A_refused_bearer_token_is_told_in_a_challenge_first()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        var challenge = await client.SayAsync("AUTH OAUTHBEARER " + Base64($"n,a={User},\u0001auth=Bearer wrong\u0001\u0001"));
        Assert.Equal(334, challenge.Code);
        Assert.Contains("invalid_token", Encoding.ASCII.GetString(Convert.FromBase64String(challenge.Text)), StringComparison.Ordinal);
        Assert.Equal(535, (await client.SayAsync("AQ==")).Code);
    }

    [Fact]
    public async Task The_third_failure_ends_the_session()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        Assert.Equal(535, (await client.SayAsync("AUTH PLAIN AGEAYg==")).Code);
        Assert.Equal(535, (await client.SayAsync("AUTH PLAIN AGEAYg==")).Code);
        Assert.Equal(421, (await client.SayAsync("AUTH PLAIN AGEAYg==")).Code);
        await client.AssertClosedAsync();
        Assert.Equal("budget", (await server.RecordAsync()).Outcome);
    }

    [Fact]
    public async Task Port_25_never_offers_or_takes_it()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        Assert.DoesNotContain("AUTH", (await client.SayAsync("EHLO x.test")).Text, StringComparison.Ordinal);
        Assert.Equal(502, (await client.SayAsync("AUTH PLAIN AGEAYg==")).Code);
    }

    [Fact]
    public async Task Without_tls_it_is_refused_where_loopback_is_no_excuse()
    {
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { PlainAuthOnLoopback = false });
        await using var client = await RawSmtpClient.GreetedAsync(server.Submission);
        Assert.DoesNotContain("AUTH", (await client.SayAsync("EHLO x.test")).Text, StringComparison.Ordinal);
        Assert.Equal((538, "5.7.11"), Of(await client.SayAsync("AUTH PLAIN AGEAYg==")));
        Assert.Equal((530, "5.7.0"), Of(await client.SayAsync("MAIL FROM:<agent@agentmta.test>")));
        Assert.Equal(220, (await client.SayAsync("STARTTLS")).Code);
        await client.StartTlsAsync();
        Assert.Contains("AUTH PLAIN", (await client.SayAsync("EHLO x.test")).Text, StringComparison.Ordinal);
        Assert.Equal(235, (await client.SayAsync("AUTH PLAIN " + Base64($"\0{User}\0s3cret"))).Code);
    }

    [Fact]
    public async Task Octets_behind_auth_are_out_of_step()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        await client.SendAsync("AUTH PLAIN " + Base64($"\0{User}\0s3cret") + "\r\nMAIL FROM:<agent@agentmta.test>\r\n");
        Assert.Equal([503], (await client.RestAsync()).Select(r => r.Code));
    }

    [Theory]
    [InlineData(11_000, 501)]
    [InlineData(13_000, 500)]
    public async Task Exchange_lines_may_be_long_but_not_endless(int length, int code)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        await client.SayAsync("AUTH PLAIN");
        Assert.Equal(code, (await client.SayAsync(new string('A', length))).Code);
    }

    [Theory]
    [InlineData(12_288, "501 5.5.2")]
    [InlineData(12_289, "500 5.5.6")]
    public async Task An_initial_response_may_be_as_long_and_past_it_has_the_code_of_rfc_4954(int length, string reply)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        var answer = await client.SayAsync("AUTH PLAIN " + new string('A', length - "AUTH PLAIN \r\n".Length));
        Assert.Equal(reply, $"{answer.Code} {answer.EnhancedStatus}");
    }

    [Theory]
    [InlineData("AUTH LOGIN", false)]
    [InlineData("AUTH LOGIN YWdlbnRAYWdlbnRtdGEudGVzdA==", true)]
    [InlineData("AUTH PLAIN", true)]
    [InlineData("AUTH OAUTHBEARER bixhPXgsAWF1dGg9QmVhcmVyIHdyb25nAQE=", false)] // a refused token, whose dummy answer is waited for
    public async Task A_server_that_stops_says_so_within_an_exchange_and_waits_for_no_answer(string line, bool tls)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await HelloAsync(server);
        if (tls)
        {
            Assert.Equal(220, (await client.SayAsync("STARTTLS")).Code);
            await client.StartTlsAsync();
            await client.SayAsync("EHLO x.test");
        }

        Assert.Equal(334, (await client.SayAsync(line)).Code);

        var stop = server.StopAsync();

        Assert.Equal(["421 4.3.2"], (await client.RestAsync()).Select(r => $"{r.Code} {r.EnhancedStatus}"));
        await stop;
        Assert.Equal("shutdown", (await server.RecordAsync()).Outcome);
    }

    [Fact]
    public async Task A_server_that_stops_while_it_looks_a_key_up_answers_first()
    {
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource<Credential?>();
        await using var server = await SmtpTestServer.StartAsync();
        server.CheckCredential = (_, _, _) =>
        {
            asked.SetResult();
            return new ValueTask<Credential?>(answer.Task);
        };
        await using var client = await HelloAsync(server);
        await client.SendAsync("AUTH PLAIN " + Base64($"\0{User}\0s3cret") + "\r\n");
        await asked.Task;

        var stop = server.StopAsync();
        answer.SetResult(new Credential(new Scope("w"), "key"));

        Assert.Equal(["235 2.7.0", "421 4.3.2"], (await client.RestAsync()).Select(r => $"{r.Code} {r.EnhancedStatus}"));
        await stop;
    }

    private static async Task<RawSmtpClient> HelloAsync(SmtpTestServer server)
    {
        var client = await RawSmtpClient.GreetedAsync(server.Submission);
        Assert.Contains("AUTH PLAIN LOGIN OAUTHBEARER", (await client.SayAsync("EHLO x.test")).Text, StringComparison.Ordinal);
        return client;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static (int Code, string? Status) Of(Protocol.Smtp.SmtpReply reply) => (reply.Code, reply.EnhancedStatus);
}
