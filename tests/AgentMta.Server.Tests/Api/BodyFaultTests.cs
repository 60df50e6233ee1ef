using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>What is said of a body that cannot be read: which field, and what belongs there.</summary>
public sealed class BodyFaultTests : IAsyncLifetime
{
    private ApiBench _server = null!;

    public async Task InitializeAsync() => _server = await StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("/messages/send", """{"to":"a@example.com","subject":7}""", "subject", "subject: It is a string.")]
    [InlineData("/messages/send", """{"to":7}""", "to", "to: It is a string or an array of strings.")]
    [InlineData("/messages/send", """{"to":"a@example.com","labels":"todo"}""", "labels", "labels: It is an array of strings.")]
    [InlineData("/messages/send", """{"to":"a@example.com","labels":["todo",7]}""", "labels", "labels.1: It is a string.")]
    [InlineData("/messages/send", """{"to":"a@example.com","attachments":[{"filename":true}]}""", "attachments", "attachments.0.filename: It is a string.")]
    [InlineData("/messages/send", """{"to":"a@example.com","attachments":{}}""", "attachments", "attachments: It is an array.")]
    [InlineData("/messages/send", """{"to":"a@example.com","headers":["x"]}""", "headers", "headers: It is a JSON object.")]
    [InlineData("/messages/send", "[]", "", "body: It is a JSON object.")]
    [InlineData("/drafts", """{"reply_all":"yes"}""", "reply_all", "reply_all: It is true or false.")]
    [InlineData("/drafts", """{"send_at":"tomorrow"}""", "send_at", "send_at: It is a time such as 2026-01-31T12:00:00Z.")]
    [InlineData("/messages/claim", """{"lease_seconds":"long"}""", "lease_seconds", "lease_seconds: It is a whole number.")]
    public async Task A_wrong_type_is_told_with_its_field_and_the_right_one(string path, string body, string field, string message)
    {
        var refused = await _server.PostAsync(Inbox + path, body);
        Assert.Equal((400, "validation_error", field, message), (refused.Code, refused.Fault, refused.Field, refused.Text("message")));
    }

    [Fact]
    public async Task A_field_that_may_be_null_or_absent_is_told_alike()
    {
        var draft = Good(await _server.PostAsync(Inbox + "/drafts", new { text = "x" })).GetProperty("draft_id").GetString();
        var refused = await _server.PatchAsync($"{Inbox}/drafts/{draft}", """{"subject":7}""");
        Assert.Equal((400, "subject", "subject: It is a string."), (refused.Code, refused.Field, refused.Text("message")));
    }

    [Theory]
    [InlineData("{\"to\":\"a@example.com\",\n \"text\": oops}", "body: It is no JSON at line 2, octet 10: ")]
    [InlineData("{\"to\":\"a@example.com\"", "body: It is no JSON at line 1, octet 22: ")]
    [InlineData("{\"text\":\"x\"} more", "body: It is no JSON at line 1, octet 14: ")]
    public async Task Broken_json_is_told_with_its_place(string body, string message)
    {
        var refused = await _server.PostAsync(Inbox + "/messages/send", body);
        Assert.Equal((400, "validation_error", ""), (refused.Code, refused.Fault, refused.Field));
        Assert.StartsWith(message, refused.Text("message"), StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", refused.Text("message"), StringComparison.Ordinal);
    }
}
