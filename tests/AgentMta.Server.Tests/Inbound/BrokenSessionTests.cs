using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>A fault of ours in the middle of a session: the client is told what it may try again, and is never left with a closed connection alone (RFC 5321 3.8).</summary>
public sealed class BrokenSessionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_that_breaks_answers_what_it_did_and_says_421_before_it_closes(bool tls)
    {
        var log = new FailingLog();
        await using var server = await SmtpTestServer.StartAsync(logger: log);
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        if (tls)
        {
            Assert.Equal(220, (await client.SayAsync("STARTTLS")).Code);
            await client.StartTlsAsync();
            await client.SayAsync("EHLO x.test");
        }

        await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nRCPT TO:<unknown@agentmta.test>\r\nNOOP\r\n");

        Assert.Equal(["250 2.1.0", "250 2.1.5", "421 4.3.0"], (await client.RestAsync()).Select(r => $"{r.Code} {r.EnhancedStatus}"));
        var record = await server.RecordAsync();
        Assert.Equal("error", record.Outcome);
        Assert.Equal($"Session {record.SessionId} of 127.0.0.1 failed: no line for a refused recipient", log.Error);
    }

    [Fact]
    public async Task A_disk_that_cannot_be_asked_puts_the_message_off_and_the_session_goes_on()
    {
        await using var server = await SmtpTestServer.StartAsync(freeSpace: () => throw new IOException("The disk is gone"));
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        var reply = await client.SayAsync("MAIL FROM:<a@sender.test>");
        Assert.Equal("451 4.3.0 Local error; try again later", reply.ToString());
        Assert.Equal(250, (await client.SayAsync("NOOP")).Code);
    }

    /// <summary>Cannot write the line of a refused recipient: a fault that no check of the session is there for.</summary>
    private sealed class FailingLog : ILogger
    {
        public string? Error { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = formatter(state, exception);
            if (line.Contains(" RCPT ", StringComparison.Ordinal))
                throw new InvalidOperationException("no line for a refused recipient");
            if (logLevel == LogLevel.Error)
                Error = $"{line}: {exception?.Message}";
        }
    }
}
