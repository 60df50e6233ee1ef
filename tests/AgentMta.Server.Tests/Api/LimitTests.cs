using System.Net.Sockets;
using System.Text;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>What one caller may not do too often, too much or too large.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task A_key_that_calls_too_often_is_told_when_to_come_back_and_others_are_not()
    {
        await using var server = await StartAsync(options => (options.Api.RequestsPerSecond, options.Api.RequestBurst) = (1, 4));
        using var other = server.NewClient(Good(await server.PostAsync("/v0/api-keys")).GetProperty("api_key").GetString()!);
        var refused = await UntilRefusedAsync(server, server.Client);
        Assert.Equal((429, "rate_limit_exceeded"), (refused.Code, refused.Fault));
        Assert.Equal("1", refused.Headers.GetValues("Retry-After").Single());
        Good(await server.GetAsync("/v0/auth/me", other));
        // And it may come back.
        await Eventually.TrueAsync(async () => (await server.GetAsync("/v0/auth/me")).Code == 200);
    }

    [Fact]
    public async Task The_keys_of_a_workspace_share_its_limit()
    {
        await using var server = await StartAsync(options => (options.Api.RequestsPerSecond, options.Api.WorkspaceRequestsPerSecond, options.Api.WorkspaceRequestBurst) = (0, 1, 20));
        using var other = server.NewClient(Good(await server.PostAsync("/v0/api-keys")).GetProperty("api_key").GetString()!);
        await UntilRefusedAsync(server, server.Client);
        var refused = await UntilRefusedAsync(server, other);
        Assert.Contains("workspace", refused.Text("message"), StringComparison.Ordinal);
        Assert.True(refused.Headers.Contains("Retry-After"));
    }

    [Fact]
    public async Task A_workspace_has_no_more_inboxes_than_it_may()
    {
        // postmaster and agent are there from the first start.
        await using var server = await StartAsync(options => options.Api.MaxInboxes = 3);
        Good(await server.PostAsync("/v0/inboxes", new { username = "third", client_id = "third" }));
        foreach (var (path, body) in new (string, object)[] { ("/v0/inboxes", new { username = "fourth" }), ("/v0/use-cases", new { sender = "fourth@agentmta.test" }) })
        {
            var refused = await server.PostAsync(path, body);
            Assert.Equal((403, "limit_exceeded"), (refused.Code, refused.Fault));
        }

        // What is there already is no further one.
        Good(await server.PostAsync("/v0/inboxes", new { username = "third", client_id = "third" }));
        await server.DeleteAsync("/v0/inboxes/third%40agentmta.test");
        Good(await server.PostAsync("/v0/use-cases", new { sender = "fourth@agentmta.test" }));
    }

    [Fact]
    public async Task A_message_that_the_disk_does_not_take_is_put_off_and_not_lost()
    {
        await using var server = await StartAsync();
        var raws = Path.Combine(server.Data, "raws");
        Directory.Delete(raws, recursive: true);
        await File.WriteAllTextAsync(raws, "no folder"); // no large message can be written now
        var refused = await server.PostAsync(Inbox + "/messages/send", new { to = Agent, text = new string('x', 90_000) });
        Assert.Equal((503, "service_unavailable"), (refused.Code, refused.Fault));
        Assert.Equal("5", refused.Headers.GetValues("Retry-After").Single());
        Assert.DoesNotContain(server.Data, refused.Body.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, Good(await server.GetAsync(Inbox + "/messages")).GetProperty("count").GetInt32());

        File.Delete(raws);
        Good(await server.PostAsync(Inbox + "/messages/send", new { to = Agent, text = new string('x', 90_000) }));
    }

    [Fact]
    public async Task Nothing_is_sent_with_less_free_space_than_the_floor()
    {
        await using var server = await StartAsync(options => options.FreeSpaceFloor = long.MaxValue / 2);
        var refused = await server.PostAsync(Inbox + "/messages/send", new { to = Agent, text = "small" });
        Assert.Equal((503, "service_unavailable"), (refused.Code, refused.Fault));
        Assert.Contains("FreeSpaceFloor", refused.Text("message"), StringComparison.Ordinal);
        Assert.True(refused.Headers.Contains("Retry-After"));
        var draft = Good(await server.PostAsync(Inbox + "/drafts", new { to = new[] { Agent }, text = "small" })).GetProperty("draft_id").GetString();
        Assert.Equal(503, (await server.PostAsync($"{Inbox}/drafts/{draft}/send")).Code);
        Good(await server.GetAsync($"{Inbox}/drafts/{draft}"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_large_is_413_whether_its_length_is_told_or_not(bool isTold)
    {
        await using var server = await StartAsync(options => options.Api.MaxBodySize = 1000);
        using var request = new HttpRequestMessage(HttpMethod.Post, Inbox + "/messages/send") { Content = new StringContent(new string('x', 200_000), Encoding.UTF8, "application/json") };
        if (!isTold)
        {
            request.Content.Headers.ContentLength = null;
            request.Headers.TransferEncodingChunked = true;
        }

        using var answer = await server.Client.SendAsync(request);
        Assert.Equal(413, (int)answer.StatusCode);
        Assert.Contains("\"code\":\"payload_too_large\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attachments_are_bounded_together()
    {
        await using var server = await StartAsync(options => options.Api.MaxBodySize = 100_000_000);
        var half = Convert.ToBase64String(new byte[14_000_000]);
        var answer = await server.PostAsync(Inbox + "/messages/send", new { to = "a@sender.test", attachments = new[] { new { content = half }, new { content = half } } });
        Assert.Equal((413, "payload_too_large"), (answer.Code, answer.Fault));
    }

    [Theory]
    [InlineData("GET", "/v0/nothing", 404, "not_found")]
    [InlineData("PUT", "/v0/inboxes", 405, "method_not_allowed")]
    [InlineData("GET", "/v0/pods/none/inboxes", 404, "not_found")]
    [InlineData("GET", "/v0", 426, "upgrade_required")]
    public async Task Every_error_is_a_json_object(string method, string path, int status, string code)
    {
        await using var server = await StartAsync();
        var answer = await server.CallAsync(new HttpMethod(method), path);
        Assert.Equal((status, code), (answer.Code, answer.Fault));
        Assert.NotEmpty(answer.Text("message"));
        Assert.NotEmpty(answer.Text("name"));
    }

    [Theory]
    [InlineData("""{"to":"a@b.c"}""", "to")]
    [InlineData("""{"send_at":"tomorrow"}""", "send_at")]
    [InlineData("""{"subject":7}""", "subject")]
    [InlineData("""{"labels":"x"}""", "labels")]
    [InlineData("{", "")]
    [InlineData("[]", "")]
    public async Task A_body_of_the_wrong_form_is_400_with_the_place(string body, string field)
    {
        await using var server = await StartAsync();
        var answer = await server.PostAsync(Inbox + "/drafts", body);
        Assert.Equal((400, "validation_error", field), (answer.Code, answer.Fault, answer.Field));
    }

    private static async Task<ApiAnswer> UntilRefusedAsync(ApiBench server, HttpClient client)
    {
        for (var i = 0; i < 1000; i++)
        {
            var answer = await server.GetAsync("/v0/auth/me", client);
            if (answer.Code != 200)
                return answer;
        }

        throw new InvalidOperationException("A thousand requests were answered.");
    }
}
