using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Peers;

/// <summary>
/// What swaks says to the real program and hears from it, line by line. It writes MAIL and RCPT as <c>&lt;ADDRESS&gt;</c>, so parameters are given behind a bracket within the
/// address; the bracket that it then closes belongs to the last value, which is xtext and may hold it.
/// </summary>
public sealed class SwaksDialogueTests : IAsyncLifetime
{
    private const string Agent = "agent@agentmta.test";
    private const string Swaks = "swaks";

    private ServerProcess _server = null!;

    public async Task InitializeAsync()
    {
        var configuration = Path.GetTempFileName();
        await File.WriteAllTextAsync(configuration, """{ "Inbound": { "MaxMessageSize": 20000, "ProxyPeers": ["127.0.0.2/32"] } }""");
        _server = await ServerProcess.StartAsync("--config", configuration);
        File.Delete(configuration);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [RequiresProgramFact(Swaks)]
    public async Task A_pipelined_envelope_gets_its_replies_in_order_behind_all_of_it()
    {
        var done = await InAsync("--pipeline");

        Assert.True(done.ExitCode == 0, done.Output);
        Assert.Equal(
            [
                "S 220", "C EHLO sender.test", "S 250", "C MAIL FROM:<ann@sender.test>", $"C RCPT TO:<{Agent}>", "C DATA", "S 250 2.1.0", "S 250 2.1.5", "S 354", "S 250 2.0.0", "C QUIT",
                "S 221 2.0.0",
            ],
            Dialogue(done));
    }

    [RequiresProgramFact(Swaks)]
    public async Task Size_is_judged_by_what_is_announced_and_by_what_comes()
    {
        var announced = await OutAsync("--from", Agent + "> SIZE=20001 ENVID=q");
        Assert.Equal(23, announced.ExitCode); // swaks: MAIL was refused
        Assert.Contains($"C MAIL FROM:<{Agent}> SIZE=20001 ENVID=q>|S 552 5.3.4", string.Join('|', Dialogue(announced)), StringComparison.Ordinal);

        var sent = await InAsync("--body", string.Concat(Enumerable.Repeat(new string('y', 70) + "\\n", 400)));
        Assert.Equal(26, sent.ExitCode); // swaks: the message was refused
        Assert.Equal(["S 354", "S 552 5.3.4", "C QUIT", "S 221 2.0.0"], Dialogue(sent)[^4..]);
    }

    [RequiresProgramFact(Swaks)]
    public async Task Eight_bits_come_in_as_they_were_sent()
    {
        var declared = await OutAsync("--from", Agent + "> BODY=8BITMIME ENVID=q");
        Assert.True(declared.ExitCode == 0, declared.Output);

        var done = await InAsync("--add-header", "MIME-Version: 1.0", "--add-header", "Content-Type: text/plain; charset=utf-8", "--add-header", "Content-Transfer-Encoding: 8bit", "--header", "Message-Id: <8@sender.test>", "--body", "Grüße, 猫");
        Assert.True(done.ExitCode == 0, done.Output);
        using var api = _server.Client();
        Assert.Contains("Grüße, 猫\r\n", await RawAsync(api, "<8@sender.test>"), StringComparison.Ordinal);
        Assert.Equal("Grüße, 猫", (await MessageAsync(api, "<8@sender.test>")).GetProperty("text").GetString()!.Trim());
    }

    [RequiresProgramFact(Swaks)]
    public async Task An_address_beyond_ascii_needs_smtputf8()
    {
        var without = await OutAsync("--to", "jürgen@far.test");
        Assert.Equal(24, without.ExitCode);
        Assert.Contains("S 553 5.6.7", Dialogue(without));

        var with = await OutAsync("--from", Agent + "> SMTPUTF8 ENVID=q", "--to", "jürgen@far.test");
        Assert.True(with.ExitCode == 0, with.Output);
        Assert.Contains("C RCPT TO:<jürgen@far.test>|S 250 2.1.5", string.Join('|', Dialogue(with)), StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task Starttls_begins_the_session_anew_with_what_tls_allows()
    {
        var done = await InAsync("--tls");

        Assert.True(done.ExitCode == 0, done.Output);
        Assert.Equal(
            [
                "S 220", "C EHLO sender.test", "S 250", "C STARTTLS", "S 220 2.0.0", "C EHLO sender.test", "S 250", "C MAIL FROM:<ann@sender.test>", "S 250 2.1.0", $"C RCPT TO:<{Agent}>", "S 250 2.1.5",
                "C DATA", "S 354", "S 250 2.0.0", "C QUIT", "S 221 2.0.0",
            ],
            Dialogue(done));
        var ehlo = done.Output.Split("=== TLS started");
        Assert.Contains("250 STARTTLS", ehlo[0], StringComparison.Ordinal);
        Assert.DoesNotContain("REQUIRETLS", ehlo[0], StringComparison.Ordinal);
        Assert.Contains("REQUIRETLS", ehlo[1], StringComparison.Ordinal);
        Assert.DoesNotContain("STARTTLS", ehlo[1], StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task Auth_plain_is_one_line_and_login_three()
    {
        var secret = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0{Agent}\0{_server.ApiKey}"));
        Assert.Contains($"C AUTH PLAIN {secret}|S 235 2.7.0|C MAIL", string.Join('|', Dialogue(await OutAsync("--auth", "PLAIN"))), StringComparison.Ordinal);
        var (user, password) = (Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Agent)), Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(_server.ApiKey)));
        Assert.Contains(
            $"C AUTH LOGIN|S 334 VXNlcm5hbWU6|C {user}|S 334 UGFzc3dvcmQ6|C {password}|S 235 2.7.0|C MAIL", string.Join('|', Dialogue(await OutAsync("--auth", "LOGIN"))), StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task The_parameters_of_a_dsn_come_back_in_the_notification()
    {
        var done = await OutAsync("--from", Agent + "> RET=HDRS ENVID=journey", "--to", "postmaster@agentmta.test> NOTIFY=SUCCESS ORCPT=rfc822;post");
        Assert.True(done.ExitCode == 0, done.Output);

        using var api = _server.Client();
        var report = await Eventually.GetAsync(
            async () =>
            {
                var list = await api.GetFromJsonAsync<JsonElement>("/v0/inboxes/agent%40agentmta.test/messages");
                var ids = list.GetProperty("messages").EnumerateArray().Where(m => m.GetProperty("labels").EnumerateArray().Any(l => l.GetString() == "received")).Select(m => m.GetProperty("message_id").GetString()!);
                foreach (var id in ids)
                {
                    if (await RawAsync(api, id) is var raw && raw.Contains("Original-Envelope-Id", StringComparison.Ordinal))
                        return raw;
                }

                return null;
            },
            () => _server.Output);

        Assert.Contains("Original-Envelope-Id: journey>", report, StringComparison.Ordinal);
        Assert.Contains("Original-Recipient: rfc822; post>", report, StringComparison.Ordinal);
        Assert.Contains("Action: delivered", report, StringComparison.Ordinal);
        Assert.Contains("text/rfc822-headers", report, StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task A_balancer_says_for_whom_it_connects_in_either_version()
    {
        foreach (var version in new[] { "1", "2" })
        {
            var done = await InAsync(
                "--local-interface", "127.0.0.2", "--header", $"Message-Id: <proxy{version}@sender.test>", "--proxy-version", version, "--proxy-family", version == "1" ? "TCP4" : "AF_INET", "--proxy-source",
                "198.51.100.7", "--proxy-source-port", "4321", "--proxy-dest", "192.0.2.25", "--proxy-dest-port", "25");

            Assert.True(done.ExitCode == 0, done.Output);
            using var api = _server.Client();
            Assert.Contains("198.51.100.7", await TraceAsync(api, $"<proxy{version}@sender.test>"), StringComparison.Ordinal);
        }
    }

    [RequiresProgramFact(Swaks)]
    public async Task An_attachment_arrives_whole()
    {
        var path = Path.Combine(_server.Folder, "table.bin");
        var octets = Enumerable.Range(0, 5000).Select(i => (byte)(i * 7)).ToArray();
        await File.WriteAllBytesAsync(path, octets);

        var done = await InAsync("--header", "Message-Id: <attach@sender.test>", "--attach-type", "application/octet-stream", "--attach", "@" + path);

        Assert.True(done.ExitCode == 0, done.Output);
        using var api = _server.Client();
        var attachment = Assert.Single((await MessageAsync(api, "<attach@sender.test>")).GetProperty("attachments").EnumerateArray());
        Assert.Equal("table.bin", attachment.GetProperty("filename").GetString());
        Assert.Equal(octets.Length, attachment.GetProperty("size").GetInt32());
        var link = await api.GetFromJsonAsync<JsonElement>($"{PathOf("<attach@sender.test>")}/attachments/{attachment.GetProperty("attachment_id").GetString()}");
        Assert.Equal(octets, await api.GetByteArrayAsync(link.GetProperty("download_url").GetString()));
    }

    // "C " and what was said, "S " and code with enhanced status (a challenge's text); of many lines the last; the message itself is left out.
    private static List<string> Dialogue(ShellResult done)
    {
        var lines = new List<string>();
        var inData = false;
        foreach (var line in done.StandardOutput.Split('\n').Where(l => l.Length > 4))
        {
            if (line[..4] is " -> " or " ~> ")
            {
                if (!inData)
                    lines.Add("C " + line[4..]);
            }
            else if (line[..4] is "<-  " or "<** " or "<~  " or "<~* " && line.Length > 7 && line[7] != '-')
            {
                var words = line[4..].Split(' ');
                lines.Add("S " + words[0] + (words.Length > 1 && (words[0] == "334" || (words[1].Length > 2 && words[1][1] == '.')) ? " " + words[1] : ""));
                inData = words[0] == "354";
            }
        }

        return lines;
    }

    private static string PathOf(string messageId) => $"/v0/inboxes/agent%40agentmta.test/messages/{Uri.EscapeDataString(messageId)}";

    private static Task<JsonElement> MessageAsync(HttpClient api, string messageId) => api.GetFromJsonAsync<JsonElement>(PathOf(messageId));

    private static async Task<string> TraceAsync(HttpClient api, string messageId) => (await api.GetFromJsonAsync<JsonElement>(PathOf(messageId) + "/trace")).GetProperty("session").GetRawText();

    private static async Task<string> RawAsync(HttpClient api, string messageId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, PathOf(messageId) + "/raw");
        request.Headers.Accept.ParseAdd("message/rfc822");
        using var response = await api.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    private Task<ShellResult> InAsync(params string[] arguments) => RunAsync(["--server", _server.Smtp.ToString(), "--from", "ann@sender.test", "--to", Agent, .. arguments]);

    // The last of --from and --to counts.
    private Task<ShellResult> OutAsync(params string[] arguments) => RunAsync(
        ["--server", _server.Submission.ToString(), "--tls", .. arguments.Contains("--from") ? Array.Empty<string>() : ["--from", Agent], .. arguments.Contains("--to") ? Array.Empty<string>() : ["--to", "postmaster@agentmta.test"],
        .. arguments.Contains("--auth") ? Array.Empty<string>() : ["--auth", "PLAIN"], "--auth-user", Agent, "--auth-password", _server.ApiKey, "--header", $"From: {Agent}", .. arguments]);

    private static Task<ShellResult> RunAsync(params string[] arguments) => Shell.RunAsync(null, Swaks, ["--helo", "sender.test", "--timeout", "30", .. arguments]);
}
