using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>What an operator hears where a start is not right: one sentence that names the setting, never a stack trace.</summary>
public sealed class WrongStartTests
{
    [Fact]
    public async Task An_address_that_is_not_this_machines_ends_with_78_and_names_the_key()
    {
        var data = Directory.CreateTempSubdirectory("agentmta-wrong-").FullName;
        try
        {
            // RFC 5737: an address of documentation, which no machine has.
            var start = await Shell.AgentMtaAsync("serve", "--data", data, "--smtp", "192.0.2.1:2525", "--submission", "127.0.0.1:0", "--http", "127.0.0.1:0");
            Assert.True(start.ExitCode == 78, start.Output);
            Assert.Contains("Smtp = '192.0.2.1:2525'", start.Output, StringComparison.Ordinal);
            Assert.StartsWith("agentmta: ", Told(start), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_ends_with_78_and_is_not_said_to_be_another_servers()
    {
        var data = Directory.CreateTempSubdirectory("agentmta-wrong-").FullName;
        File.CreateSymbolicLink(Path.Combine(data, "lock"), Path.Combine(data, "nowhere", "lock"));
        try
        {
            var start = await Shell.AgentMtaAsync("serve", "--data", data, "--smtp", "127.0.0.1:0", "--submission", "127.0.0.1:0", "--http", "127.0.0.1:0");
            Assert.True(start.ExitCode == 78, start.Output);
            Assert.Contains($"Data = '{data}'", Told(start), StringComparison.Ordinal);
            Assert.DoesNotContain("another server", Told(start), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task A_port_in_use_ends_with_69_and_one_sentence_that_names_it()
    {
        var data = Directory.CreateTempSubdirectory("agentmta-wrong-").FullName;
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        try
        {
            var start = await Shell.AgentMtaAsync("serve", "--data", data, "--smtp", other.LocalEndpoint.ToString()!, "--submission", "127.0.0.1:0", "--http", "127.0.0.1:0");
            Assert.True(start.ExitCode == 69, start.Output);
            var line = Told(start);
            Assert.Contains(other.LocalEndpoint.ToString()!, line, StringComparison.Ordinal);
            Assert.Contains("--smtp", line, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Theory]
    [InlineData("tls", true)] // a file where the folder should be
    [InlineData("tls/self-signed.key", false)]
    [InlineData("tls/self-signed.pem", false)]
    public async Task A_certificate_that_cannot_be_made_ends_with_78_and_names_the_folder_and_the_way_around(string inTheWay, bool isFile)
    {
        var data = Directory.CreateTempSubdirectory("agentmta-wrong-").FullName;
        var path = Path.Combine(data, inTheWay);
        if (isFile)
            await File.WriteAllTextAsync(path, "");
        else
            Directory.CreateDirectory(path);
        try
        {
            var start = await Shell.AgentMtaAsync("serve", "--data", data, "--smtp", "127.0.0.1:0", "--submission", "127.0.0.1:0", "--http", "127.0.0.1:0");
            Assert.True(start.ExitCode == 78, start.Output);
            var line = Told(start);
            Assert.StartsWith($"agentmta: {Path.Combine(data, "tls")}: the self-signed certificate cannot be read or made: ", line, StringComparison.Ordinal);
            Assert.Contains(path, line, StringComparison.Ordinal);
            Assert.EndsWith(" Make the folder writable, or name certificates in Inbound:Certificates.", line, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task The_start_lists_every_listener()
    {
        using var config = new TemporaryFile("""{ "Submissions": "127.0.0.1:0", "Https": "127.0.0.1:0" }""");
        await using var server = await ServerProcess.StartAsync("--config", config.Path);
        await Eventually.TrueAsync(() => server.Output.Contains("Try it", StringComparison.Ordinal), () => server.Output);
        Assert.Matches(@"HTTP 127\.0\.0\.1:\d+   submissions 127\.0\.0\.1:\d+   HTTPS 127\.0\.0\.1:\d+", server.Output);
        Assert.DoesNotContain(":0 ", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_wildcards_may_share_a_port_as_the_readme_has_it()
    {
        if (!System.Net.Sockets.Socket.OSSupportsIPv6)
            return;
        var port = PostfixServer.FreePort();
        var data = Directory.CreateTempSubdirectory("agentmta-both-").FullName;
        var options = new Server.Hosting.ServerOptions { Data = data, Smtp = $"0.0.0.0:{port},[::]:{port}", Submission = "", Http = "127.0.0.1:0" };
        try
        {
            await using var server = await Server.Hosting.ServerHost.StartAsync(options, CancellationToken.None);
            foreach (var address in new[] { "127.0.0.1", "::1" })
            {
                using var client = new System.Net.Sockets.TcpClient(System.Net.IPAddress.Parse(address).AddressFamily);
                await client.ConnectAsync(address, port);
                using var reader = new StreamReader(client.GetStream());
                Assert.StartsWith("220 ", await reader.ReadLineAsync(), StringComparison.Ordinal);
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task A_folder_that_lost_its_master_key_does_not_start_and_gets_no_other()
    {
        await using var server = await ServerProcess.StartAsync();
        await server.StopAsync();
        var key = Path.Combine(server.Data, "master.key");
        File.Move(key, key + ".away");
        foreach (var command in new string[][] { ["serve", "--smtp", "127.0.0.1:0", "--submission", "127.0.0.1:0", "--http", "127.0.0.1:0"], ["inbox", "list"] })
        {
            var start = await Shell.AgentMtaAsync([.. command, "--data", server.Data]);
            Assert.True(start.ExitCode == 78, start.Output);
            Assert.Contains(key, Told(start), StringComparison.Ordinal);
            Assert.False(File.Exists(key));
        }

        File.Move(key + ".away", key);
        await server.StartAgainAsync();
    }

    // The one line that is no information of the log.
    private static string Told(ShellResult start) => Assert.Single(start.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => !line.Contains("Z info: ", StringComparison.Ordinal));

    [Theory]
    [InlineData("http://mail.agentmta.test", true)]
    [InlineData("https://mail.agentmta.test", false)]
    public async Task A_public_url_without_tls_is_warned_of(string url, bool warned)
    {
        await using var server = await ServerProcess.StartAsync("--public-url", url);
        await Eventually.TrueAsync(() => server.Output.Contains("Try it", StringComparison.Ordinal), () => server.Output);
        Assert.Equal(warned, server.Output.Contains($"Warning: PublicUrl = '{url}' is not https", StringComparison.Ordinal));
    }
}
