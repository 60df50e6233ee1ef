using AgentMta.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>Attachments that the server fetches, and their download, over real HTTP.</summary>
public sealed class AttachmentUrlTests
{
    [Fact]
    public async Task An_attachment_is_fetched_by_url_through_redirects_with_its_type_and_name()
    {
        await using var server = await StartAsync();
        await using var web = await ScriptedEndpoint.StartAsync();
        web.Answer = async (_, context) =>
        {
            if (context.Request.Path == "/hook")
            {
                context.Response.Redirect("/file");
                return;
            }

            context.Response.ContentType = "application/pdf";
            context.Response.Headers.ContentDisposition = "attachment; filename=\"report.pdf\"";
            await context.Response.WriteAsync("%PDF-1.4 content");
        };
        var attachment = await SentAsync(server, new { url = web.Url });
        Assert.Equal("report.pdf", attachment.GetProperty("filename").GetString());
        Assert.Equal("application/pdf", attachment.GetProperty("content_type").GetString());
        Assert.Equal(16, attachment.GetProperty("size").GetInt32());
        // The key of our API went nowhere.
        Assert.All(web.Hooks, hook => Assert.DoesNotContain("authorization", hook.Headers.Keys));
    }

    [Fact]
    public async Task A_private_network_is_refused_after_resolution_and_on_each_redirect()
    {
        // 127.0.0.2 alone may be reached: it sends on to this server, at 127.0.0.1, and to other places it may not see.
        await using var web = await ScriptedEndpoint.StartAsync(address: System.Net.IPAddress.Parse("127.0.0.2"));
        await using var server = await StartAsync(options => options.PermittedNetworks = [System.Net.IPNetwork.Parse("127.0.0.2/32")]);
        foreach (var target in new[] { $"http://{server.Http}/openapi.json", "http://localhost/", "http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://10.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://0x7f000001/" })
        {
            await RefusedAsync(server, target, "private network");
            web.Answer = (_, context) =>
            {
                context.Response.Redirect(target);
                return Task.CompletedTask;
            };
            await RefusedAsync(server, web.Url, "private network");
        }
    }

    [Fact]
    public async Task The_addresses_of_relay_and_zone_files_take_mail_and_nothing_over_http()
    {
        await using var web = await ScriptedEndpoint.StartAsync();
        await using var remote = new ScriptedSmtpServer();
        using var zone = new TemporaryFile("$TTL 60\nweb.zone.test. IN A 127.0.0.1\n");
        await using var server = await StartAsync(options =>
        {
            (options.PermittedNetworks, options.Zone, options.Relay) = ([], zone.Path, $"127.0.0.1:{remote.Port}");
            options.Webhooks.DisableAfter = TimeSpan.FromTicks(1);
        });
        var named = web.Url.Replace("127.0.0.1", "web.zone.test", StringComparison.Ordinal);

        await RefusedAsync(server, web.Url, "private network");
        await RefusedAsync(server, named, "private network");
        var literal = await server.PostAsync("/v0/webhooks", new { url = web.Url, event_types = new[] { "inbox.created" } });
        Assert.Equal((400, "url"), (literal.Code, literal.Field));
        // A name is looked up at the delivery, and there it ends.
        var hook = Good(await server.PostAsync("/v0/webhooks", new { url = named, event_types = new[] { "inbox.created" } })).GetProperty("webhook_id").GetString();
        Good(await server.PostAsync("/v0/inboxes", new { username = "one" }));
        await Eventually.TrueAsync(async () => Good(await server.GetAsync($"/v0/webhooks/{hook}/dead-letters")).GetProperty("count").GetInt32() == 1);
        Assert.Contains("private network", Good(await server.GetAsync($"/v0/webhooks/{hook}/dead-letters")).ToString(), StringComparison.Ordinal);
        Assert.Empty(web.Hooks);

        Good(await server.PostAsync(Inbox + "/messages/send", new { to = "bob@far.test", subject = "Mail", text = "goes out." }));
        await remote.TakenAsync(1);
    }

    [Fact]
    public async Task What_cannot_be_fetched_is_400_and_never_to_be_tried_again()
    {
        await using var server = await StartAsync();
        await using var web = await ScriptedEndpoint.StartAsync(status: 404);
        await RefusedAsync(server, web.Url, "answered 404");
        web.Answer = (_, context) => ScriptedEndpoint.Status(context, 503);
        await RefusedAsync(server, web.Url, "answered 503");
        web.Answer = (_, context) =>
        {
            context.Response.Redirect(web.Url);
            return Task.CompletedTask;
        };
        await RefusedAsync(server, web.Url, "redirected too often");
        web.Answer = (_, context) =>
        {
            context.Response.Redirect("file:///etc/passwd");
            return Task.CompletedTask;
        };
        await RefusedAsync(server, web.Url, "not http or https");
        web.Answer = async (_, context) =>
        {
            // Without a length, and without an end.
            var block = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
        };
        await RefusedAsync(server, web.Url, "too large");
        foreach (var url in new[] { "file:///etc/passwd", "ftp://sender.test/x", "http://user:pass@sender.test/", "gopher://sender.test", "nonsense" })
            await RefusedAsync(server, url, "without credentials");
    }

    [Fact]
    public async Task A_download_needs_its_signature_serves_ranges_and_runs_nothing_in_place()
    {
        await using var server = await StartAsync();
        var attachment = await SentAsync(server, new { filename = "a.svg", content_type = "image/svg+xml", content_disposition = "inline", content = Convert.ToBase64String("<svg onload='alert(1)'/>"u8) });
        var list = Good(await server.GetAsync(Inbox + "/messages?labels=received")).GetProperty("messages")[0];
        var link = Good(await server.GetAsync($"{Message(list.GetProperty("message_id").GetString()!)}/attachments/{attachment.GetProperty("attachment_id").GetString()}"));
        var url = link.GetProperty("download_url").GetString()!;
        Assert.True(link.GetProperty("expires_at").GetDateTimeOffset() > DateTimeOffset.UtcNow);
        using var anybody = new HttpClient();
        using var whole = await anybody.GetAsync(url);
        Assert.Equal("application/octet-stream", whole.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", whole.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("attachment", whole.Content.Headers.ContentDisposition!.DispositionType);
        using var part = new HttpRequestMessage(HttpMethod.Get, url);
        part.Headers.Range = new(1, 3);
        using var partial = await anybody.SendAsync(part);
        Assert.Equal((206, "svg"), ((int)partial.StatusCode, await partial.Content.ReadAsStringAsync()));
        using var head = await anybody.SendAsync(new HttpRequestMessage(HttpMethod.Head, url));
        Assert.Equal((200, 24L), ((int)head.StatusCode, head.Content.Headers.ContentLength!.Value));
        foreach (var forged in new[] { url.Replace("expires=", "expires=9", StringComparison.Ordinal), url.Replace("agent%40", "other%40", StringComparison.Ordinal), url[..^3] + "AAA", url.Split('?')[0] })
            Assert.Equal(403, (int)(await anybody.GetAsync(forged)).StatusCode);
    }

    [Fact]
    public async Task Attachments_of_a_thread_have_ids_of_their_own()
    {
        await using var server = await StartAsync();
        var colleague = Uri.EscapeDataString(Good(await server.PostAsync("/v0/inboxes", new { username = "colleague" })).GetProperty("inbox_id").GetString()!);
        Good(await server.PostAsync($"/v0/inboxes/{colleague}/messages/send", new { to = Agent, subject = "one", attachments = new[] { new { filename = "1.txt", content = Convert.ToBase64String("first"u8) } } }));
        await Eventually.TrueAsync(async () => Good(await server.GetAsync(Inbox + "/messages?labels=received")).GetProperty("count").GetInt32() == 1);
        var first = Good(await server.GetAsync(Inbox + "/messages?labels=received")).GetProperty("messages")[0];
        Good(await server.PostAsync(Message(first.GetProperty("message_id").GetString()!) + "/reply", new { text = "two", attachments = new[] { new { filename = "2.txt", content = Convert.ToBase64String("second"u8) } } }));
        var thread = Good(await server.GetAsync("/v0/threads/" + first.GetProperty("thread_id").GetString()));
        var ids = thread.GetProperty("messages").EnumerateArray().SelectMany(m => m.GetProperty("attachments").EnumerateArray()).ToDictionary(a => a.GetProperty("filename").GetString()!, a => a.GetProperty("attachment_id").GetString()!);
        using var anybody = new HttpClient();
        foreach (var (name, content) in new[] { ("1.txt", "first"), ("2.txt", "second") })
        {
            var link = Good(await server.GetAsync($"/v0/threads/{first.GetProperty("thread_id").GetString()}/attachments/{ids[name]}"));
            Assert.Equal(content, await anybody.GetStringAsync(link.GetProperty("download_url").GetString()));
        }
    }

    private static async Task<System.Text.Json.JsonElement> SentAsync(ApiBench server, object attachment)
    {
        Good(await server.PostAsync(Inbox + "/messages/send", new { to = Agent, subject = "file", text = "see file", attachments = new[] { attachment } }));
        await Eventually.TrueAsync(async () => Good(await server.GetAsync(Inbox + "/messages?labels=received")).GetProperty("count").GetInt32() == 1);
        return Good(await server.GetAsync(Inbox + "/messages?labels=received")).GetProperty("messages")[0].GetProperty("attachments")[0];
    }

    private static async Task RefusedAsync(ApiBench server, string url, string why)
    {
        var answer = await server.PostAsync(Inbox + "/messages/send", new { to = Agent, text = "x", attachments = new[] { new { url } } });
        Assert.Equal((400, "validation_error", "attachments"), (answer.Code, answer.Fault, answer.Field));
        Assert.Contains(why, answer.Text("message"), StringComparison.Ordinal);
    }
}
