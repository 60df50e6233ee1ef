using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Outbound;

public sealed class DeliveryJourneyTests
{
    [Fact]
    public async Task Each_recipient_who_can_opt_out_gets_a_copy_of_its_own_with_valid_signatures()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { PublicUrl = new Uri("https://mail.example.com/") });
        await bench.Store.Database.WriteAsync(s => s.Execute("UPDATE use_cases SET unsubscribable = 1"));
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net", "bob@example.net"]);
        await bench.Remote.TakenAsync(2);
        var texts = bench.Remote.Messages.Select(m => m.Text.Replace("\r\n ", " ", StringComparison.Ordinal)).ToList();
        Assert.All(texts, t => Assert.Contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", t, StringComparison.Ordinal));
        Assert.All(bench.Remote.Messages, m => Assert.Single(m.Recipients));
        var links = texts.Select(t => "<" + t.Split("\r\nList-Unsubscribe: <")[1].Split("\r\n")[0]).ToList();
        Assert.Equal(2, links.Distinct().Count());
        Assert.All(links, l => Assert.StartsWith("<https://mail.example.com/unsubscribe/agentmta.test/", l, StringComparison.Ordinal));
        Assert.All(links, l => Assert.Contains("<mailto:u+", l, StringComparison.Ordinal));
        foreach (var message in bench.Remote.Messages)
        {
            var results = await DkimVerifier.VerifyAsync(message.Data, bench.Zone, DateTimeOffset.UtcNow, default);
            Assert.Equal(2, results.Count(r => r.Status == DkimStatus.Pass));
            Assert.Contains("List-Unsubscribe-Post", message.Text.Split("b=")[0].Replace("\r\n\t", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        }

        var url = new Uri(links[0].Trim('<').Split('>')[0]);
        var optOut = new OptOut(bench.Store.Database, bench.Store.Directory, bench.Tokens);
        Assert.True((await optOut.RequestAsync(url.Segments[2].TrimEnd('/'), url.Segments[3], OptOut.OneClick, default))!.IsDone);
        Assert.Equal("message_rejected", (await bench.SendAsync(["ann@example.net", "bob@example.net"])).Fault?.Code);
    }

    [Fact]
    public async Task Without_https_only_the_address_is_offered()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { PublicUrl = new Uri("http://mail.example.com") }, keys: false);
        await bench.Store.Database.WriteAsync(s => s.Execute("UPDATE use_cases SET unsubscribable = 1"));
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.Remote.TakenAsync(1);
        var text = Assert.Single(bench.Remote.Messages).Text;
        Assert.StartsWith("List-Unsubscribe: <mailto:u+", text, StringComparison.Ordinal);
        Assert.DoesNotContain("List-Unsubscribe-Post", text, StringComparison.Ordinal);
        Assert.DoesNotContain("http:", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_is_used_where_it_is_offered()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        bench.Remote.Certificate = Certificate();
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.HappensAsync(EventTypes.Delivered);
        Assert.True(Assert.Single(bench.Remote.Messages).Tls);
        Assert.Contains("opportunistic", Assert.Single(await bench.Store.RowsAsync("SELECT tls FROM attempts")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_with_tls_is_used_again()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { SiteConnections = 1, SiteConnectionsLimit = 1, IdleConnection = TimeSpan.FromSeconds(5) }, keys: false);
        bench.Remote.Certificate = Certificate();
        await bench.StartAsync();
        for (var i = 1; i <= 3; i++)
        {
            await bench.SendAsync([$"ann{i}@example.net"]);
            await bench.Remote.TakenAsync(i);
        }

        Assert.Equal(1, bench.Remote.Connections);
    }

    [Fact]
    public async Task A_broken_handshake_falls_back_to_plain_text_without_a_policy()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        bench.Remote.Extensions.Add("STARTTLS");
        bench.Remote.Reply = line => line == "STARTTLS" ? "454 4.7.0 no TLS today" : null;
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.HappensAsync(EventTypes.Delivered);
        Assert.False(Assert.Single(bench.Remote.Messages).Tls);
    }

    [Fact]
    public async Task An_enforced_policy_never_falls_back()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        bench.Zone.Replace("sts", [new TxtRecord("_mta-sts.example.net", 60, "v=STSv1; id=1;")]);
        bench.StsFiles["example.net"] = "version: STSv1\nmode: enforce\nmx: mx.example.net\nmax_age: 86400\n";
        bench.Remote.Certificate = Certificate();
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.HappensAsync(EventTypes.Deferred);
        Assert.Empty(bench.Remote.Messages);
        Assert.Equal(["deferred|4.7.5"], await bench.Store.RowsAsync("SELECT state, last_status FROM deliveries"));
    }

    [Fact]
    public async Task Dane_takes_the_certificate_that_dns_names_and_no_other()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        bench.Remote.Certificate = Certificate();
        var digest = SHA256.HashData(bench.Remote.Certificate.PublicKey.ExportSubjectPublicKeyInfo());
        bench.Zone.Replace("dane", [new TlsaRecord($"_{bench.Remote.Port}._tcp.mx.example.net", 60, 3, 1, 1, digest)]);
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.HappensAsync(EventTypes.Delivered);
        Assert.Contains("(dane)", Assert.Single(await bench.Store.RowsAsync("SELECT tls FROM attempts")), StringComparison.Ordinal);
        bench.Zone.Replace("dane", [new TlsaRecord($"_{bench.Remote.Port}._tcp.mx.example.net", 60, 3, 1, 1, SHA256.HashData(digest))]);
        await Eventually.TrueAsync(() => bench.Remote.Commands.Contains("QUIT"));
        await bench.SendAsync(["ann@example.net"]);
        await bench.HappensAsync(EventTypes.Deferred);
        Assert.Single(bench.Remote.Messages);
    }

    [Fact]
    public async Task Mail_of_closed_networks_leaves_only_to_permitted_addresses()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        bench.Rules = new DestinationRules(_ => false);
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.HappensAsync(EventTypes.Bounced);
        Assert.Equal(0, bench.Remote.Connections);
        Assert.Equal(["bounced|5.7.1"], await bench.Store.RowsAsync("SELECT state, last_status FROM deliveries"));
    }

    [Fact]
    public async Task A_smart_host_takes_all_mail_that_is_not_local()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { Relay = new RelayOptions("localhost", o.MxPort), MxPort = 1 }, keys: false);
        bench.Rules = new DestinationRules(_ => false);
        bench.Remote.Reply = line => line == "DATA-END" ? "250 2.0.0 Ok <theirs@relay.example>" : null;
        await bench.StartAsync();
        await bench.SendAsync(["ann@nowhere.example", "bob@else.example"]);
        await bench.HappensAsync(EventTypes.Delivered, 2);
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(*) FROM message_ids WHERE message_id = '<theirs@relay.example>' AND recipients LIKE '%bob@else.example%'"));
        Assert.Equal(["ann@nowhere.example", "bob@else.example"], bench.Remote.Messages.SelectMany(m => m.Recipients).Order());
    }

    [Fact]
    public async Task Mail_for_our_own_inbox_goes_to_the_receiver_and_its_refusal_bounces()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        IncomingMessage? taken = null;
        bench.Accept = async (message, token) =>
        {
            if (message.Recipients[0].Address.StartsWith("gone", StringComparison.Ordinal))
                return new SmtpReply(550, "5.1.1", "no such inbox");
            taken = message;
            Assert.True(await bench.Store.Database.WriteAsync(s => DeliveryStore.CompleteLocal(s, message.LocalHandOff!), token));
            return new SmtpReply(250, "2.0.0", "stored");
        };
        await bench.StartAsync();
        await bench.SendAsync(["postmaster@agentmta.test", "gone@agentmta.test"]);
        await bench.HappensAsync(EventTypes.Bounced);
        await bench.HappensAsync(EventTypes.Delivered);
        Assert.Equal((DoorRole.Local, IPAddress.Loopback, TestStore.Agent), (taken!.Session.Role, taken.Session.ClientAddress, taken.LocalHandOff!.SenderInboxId));
        Assert.Equal(["gone@agentmta.test|bounced", "postmaster@agentmta.test|delivered"], await bench.Store.RowsAsync("SELECT recipient, state FROM deliveries ORDER BY recipient"));
        Assert.Equal(0, bench.Remote.Connections);
    }

    [Fact]
    public async Task A_server_without_extensions_is_spoken_to_step_by_step()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        bench.Remote.Extensions.Clear();
        bench.Remote.Reply = line => line.StartsWith("EHLO", StringComparison.Ordinal) ? "502 5.5.1 what?" : line.StartsWith("HELO", StringComparison.Ordinal) ? "250 hello" : null;
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.HappensAsync(EventTypes.Delivered);
        Assert.DoesNotContain("SIZE", Assert.Single(bench.Remote.Messages).Mail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SIZE 100", "5.3.4")]
    public async Task What_a_server_cannot_take_bounces_before_it_is_sent(string extension, string status)
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        bench.Remote.Extensions.Clear();
        bench.Remote.Extensions.Add(extension);
        await bench.StartAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.HappensAsync(EventTypes.Bounced);
        Assert.Equal([$"bounced|{status}"], await bench.Store.RowsAsync("SELECT state, last_status FROM deliveries"));
        Assert.DoesNotContain(bench.Remote.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recipients_beyond_the_servers_limit_go_in_a_further_transaction_at_once()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { SiteConnections = 1, SiteConnectionsLimit = 1 }, keys: false);
        var inTransaction = 0;
        bench.Remote.Reply = line =>
        {
            if (line.StartsWith("MAIL", StringComparison.Ordinal))
                inTransaction = 0;
            return line.StartsWith("RCPT", StringComparison.Ordinal) && ++inTransaction > 2 ? "452 4.5.3 too many recipients" : null;
        };
        await bench.StartAsync();
        await bench.SendAsync([.. Enumerable.Range(0, 5).Select(i => $"ann{i}@example.net")]);
        await bench.Remote.TakenAsync(3);
        await bench.HappensAsync(EventTypes.Delivered, 3);
        Assert.Equal([2, 2, 1], bench.Remote.Messages.Select(m => m.Recipients.Count));
        Assert.DoesNotContain(EventTypes.Deferred, await bench.EventsAsync());
    }

    [Fact]
    public async Task Stopping_finishes_what_is_under_way_and_gives_the_rest_back()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { SiteConnections = 1, SiteConnectionsLimit = 1, RecipientsPerTransaction = 1 }, keys: false);
        using var gate = new ManualResetEventSlim();
        bench.Remote.Reply = line =>
        {
            if (line == "DATA-END")
                gate.Wait(TimeSpan.FromSeconds(10));
            return null;
        };
        var worker = await bench.StartAsync();
        await bench.SendAsync(["ann@example.net", "bob@example.net", "cid@example.net"]);
        await Eventually.TrueAsync(() => bench.Remote.Commands.Contains("DATA"));
        var stopping = worker.StopAsync(CancellationToken.None);
        gate.Set();
        await stopping;
        Assert.Equal(["delivered|1", "queued|2"], await bench.Store.RowsAsync("SELECT state, COUNT(*) FROM deliveries WHERE lease_owner IS NULL GROUP BY state ORDER BY state"));
        Assert.Equal(0, worker.InHand);
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=elsewhere.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
