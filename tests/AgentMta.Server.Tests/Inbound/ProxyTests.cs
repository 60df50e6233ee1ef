using System.Net;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class ProxyTests
{
    private static readonly InboundOptions Behind = new() { ProxyPeers = [IPNetwork.Parse("127.0.0.0/8")], BannerDelay = TimeSpan.Zero, TarpitDelay = TimeSpan.Zero };

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\n", "192.0.2.7", 4711)]
    [InlineData("PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n", "2001:db8::7", 4711)]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x12\x67\0\x19", "192.0.2.7", 4711)]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\xc0\0\x02\x07\xc6\x33\x64\x01\x12\x67\0\x19\x04\0\x01\0", "192.0.2.7", 4711)]
    public async Task The_client_is_who_the_balancer_says(string header, string address, int port)
    {
        await using var server = await SmtpTestServer.StartAsync(Behind);
        await using var client = await RawSmtpClient.ConnectAsync(server.Mx);
        foreach (var octet in header)
            await client.SendAsync(octet.ToString());
        Assert.Equal(220, (await client.ReplyAsync()).Code);
        await client.SayAsync("QUIT");
        var record = await server.RecordAsync();
        Assert.Equal((IPAddress.Parse(address), port), (record.ClientAddress, record.ClientPort));
    }

    [Theory]
    [InlineData("PROXY UNKNOWN\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")]
    public async Task The_balancer_may_speak_for_itself(string header)
    {
        await using var server = await SmtpTestServer.StartAsync(Behind);
        await using var client = await RawSmtpClient.ConnectAsync(server.Mx);
        await client.SendAsync(header);
        Assert.Equal(220, (await client.ReplyAsync()).Code);
        await client.SayAsync("QUIT");
        Assert.Equal(IPAddress.Loopback, (await server.RecordAsync()).ClientAddress);
    }

    [Theory]
    [InlineData("EHLO x.test\r\n")]
    [InlineData("PROXY TCP4 192.0.2.300 198.51.100.1 4711 25\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 4711 70000\r\n")]
    [InlineData("PROXY TCP4 2001:db8::7 2001:db8::1 4711 25\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x12\x67\0\x19")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff\xc0\0\x02\x07\xc6\x33\x64\x01\x12\x67\0\x19")]
    public async Task A_balancer_without_a_good_header_is_cut_off(string header)
    {
        await using var server = await SmtpTestServer.StartAsync(Behind);
        await using var client = await RawSmtpClient.ConnectAsync(server.Mx);
        await client.SendAsync(header);
        await client.AssertClosedAsync();
        Assert.Equal("proxy", (await server.RecordAsync()).Outcome);
    }

    [Fact]
    public async Task From_anyone_else_the_header_is_a_bad_command()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        Assert.Equal(500, (await client.SayAsync("PROXY TCP4 192.0.2.7 198.51.100.1 4711 25")).Code);
        await client.SayAsync("QUIT");
        Assert.Equal(IPAddress.Loopback, (await server.RecordAsync()).ClientAddress);
    }

    [Fact]
    public async Task A_network_over_its_limit_gets_421_in_place_of_the_banner()
    {
        await using var server = await SmtpTestServer.StartAsync(Behind with { OpenConnections = new NetworkLimits(2, 3, 9) });
        var clients = new List<RawSmtpClient>();
        foreach (var (address, code) in new[] { ("192.0.2.1", 220), ("192.0.2.1", 220), ("192.0.2.1", 421), ("192.0.2.2", 220), ("192.0.2.3", 421), ("192.0.2.99", 220) })
        {
            var client = await RawSmtpClient.ConnectAsync(server.Mx);
            clients.Add(client);
            await client.SendAsync($"PROXY TCP4 {address} 198.51.100.1 4711 25\r\n");
            Assert.Equal(code, (await client.ReplyAsync()).Code);
        }

        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 4711 587\r\n")]
    [InlineData("PROXY TCP4 127.0.0.1 127.0.0.1 4711 587\r\n")]
    [InlineData("PROXY UNKNOWN\r\n")]
    public async Task Behind_a_balancer_on_this_machine_nobody_authenticates_in_clear(string header)
    {
        await using var server = await SmtpTestServer.StartAsync(Behind);
        await using var client = await RawSmtpClient.ConnectAsync(server.Submission);
        await client.SendAsync(header);
        Assert.Equal(220, (await client.ReplyAsync()).Code);
        Assert.DoesNotContain("AUTH", (await client.SayAsync("EHLO x.test")).Text, StringComparison.Ordinal);
        Assert.Equal("538 5.7.11 Authentication needs TLS; say STARTTLS first", (await client.SayAsync("AUTH PLAIN AGEAYg==")).ToString());
    }

    [Fact]
    public async Task Guesses_side_by_side_get_no_more_tries_than_one_after_the_other()
    {
        await using var server = await SmtpTestServer.StartAsync(Behind with { AuthFailureBudget = 100 });
        var all = new TaskCompletionSource();
        var asked = 0;
        server.CheckCredential = async (_, secret, _) =>
        {
            if (Interlocked.Increment(ref asked) == 20)
                all.SetResult();
            await all.Task;
            return secret == "right" ? new Credential(new Scope("w"), "key") : null;
        };
        var clients = new List<RawSmtpClient>();
        for (var i = 0; i < 20; i++)
        {
            var client = await RawSmtpClient.ConnectAsync(server.Submission);
            clients.Add(client);
            await BehindBalancerAsync(client);
        }

        // Nineteen wrong ones are counted before the right one is looked at: it is held until then.
        var wrong = clients.Take(19).Select((c, i) => c.SayAsync("AUTH PLAIN " + Base64($"\0user\0{i}"))).ToList();
        var gate = new TaskCompletionSource();
        var check = server.CheckCredential;
        server.CheckCredential = async (user, secret, token) =>
        {
            var credential = await check(user, secret, token);
            if (secret == "right")
                await gate.Task;
            return credential;
        };
        var right = clients[19].SayAsync("AUTH PLAIN " + Base64("\0user\0right"));
        await Task.WhenAll(wrong);
        gate.SetResult();
        Assert.Equal(421, (await right).Code);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task A_network_that_keeps_failing_to_authenticate_is_not_asked_again()
    {
        await using var server = await SmtpTestServer.StartAsync(Behind with { AuthFailureBudget = 100 });
        await using var client = await RawSmtpClient.ConnectAsync(server.Submission);
        await BehindBalancerAsync(client);
        for (var i = 0; i < 10; i++)
            Assert.Equal(535, (await client.SayAsync("AUTH PLAIN AGEAYg==")).Code);
        Assert.Equal(421, (await client.SayAsync("AUTH PLAIN AGEAYg==")).Code);
        await client.AssertClosedAsync();
        server.Door.AuthFailures.Lift(IPAddress.Parse("192.0.2.1"));
        Assert.False(server.Door.AuthFailures.IsBlocked(IPAddress.Parse("192.0.2.1")));
    }

    private static async Task BehindBalancerAsync(RawSmtpClient client)
    {
        await client.SendAsync("PROXY TCP4 192.0.2.1 198.51.100.1 4711 587\r\n");
        Assert.Equal(220, (await client.ReplyAsync()).Code);
        await client.SayAsync("EHLO x.test");
        Assert.Equal(220, (await client.SayAsync("STARTTLS")).Code);
        await client.StartTlsAsync();
        Assert.Equal(250, (await client.SayAsync("EHLO x.test")).Code);
    }

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
}
