using System.Collections.Concurrent;
using System.Text;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using AgentMta.Server.Webhooks;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Tests.Webhooks;

public sealed class WebhookDispatcherTests
{
    [Fact]
    public async Task An_event_arrives_signed_with_its_id_and_the_endpoints_headers()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        await using var bench = await WebhookBench.StartAsync();
        var webhook = await bench.AddAsync(endpoint.Url);
        await bench.HappenAsync();
        await Eventually.TrueAsync(() => endpoint.Hooks.Count == 1);
        var hook = endpoint.Hooks.Single();
        Assert.Equal(hook.Id, hook.Headers["svix-id"]);
        Assert.Contains(hook.Id, Encoding.UTF8.GetString(hook.Body), StringComparison.Ordinal);
        Assert.Equal(WebhookSigner.Signature(webhook.Secrets[0].Value, hook.Id, bench.Time.GetUtcNow(), hook.Body), hook.Headers["webhook-signature"]);
        Assert.Equal("secret value", hook.Headers["x-own"]);
        Assert.Equal("application/json", hook.Headers["content-type"]);
        Assert.DoesNotContain("secret value", string.Join('\n', await bench.Store.RowsAsync("SELECT CAST(headers AS TEXT), CAST(secrets AS TEXT) FROM webhooks")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_asked_for_behind_a_rotation_is_signed_with_the_new_secret(bool isReplay)
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        await using var bench = await WebhookBench.StartAsync();
        await bench.StopAsync();
        var webhook = await bench.AddAsync(endpoint.Url);
        await bench.HappenAsync();
        // It knows the webhook as it was, and nobody tells it.
        var worker = new EndpointWorker(bench.Services, webhook);
        await worker.RunOnceAsync(CancellationToken.None);
        var secret = WebhookSigner.NewSecret();
        await bench.Store.Database.WriteAsync(session => bench.Webhooks.Update(session, webhook with { Secrets = [new WebhookSecret(secret)] }));
        if (isReplay)
            await bench.Store.Database.WriteAsync(session => WebhookStore.Replay(session, webhook, EventStore.OfIds(session, webhook.WorkspaceId, [endpoint.Hooks.Single().Id])));
        else
            await bench.HappenAsync();

        while (await worker.RunOnceAsync(CancellationToken.None))
        {
        }

        Assert.Equal(2, endpoint.Hooks.Count);
        var hook = endpoint.Hooks.Last();
        Assert.Equal(WebhookSigner.Signature(secret, hook.Id, bench.Time.GetUtcNow(), hook.Body), hook.Headers["webhook-signature"]);
    }

    [Fact]
    public async Task What_an_endpoint_did_not_take_leaves_a_line_with_why_and_when_it_is_tried_again()
    {
        await using var bench = await WebhookBench.StartAsync();
        await bench.StopAsync();
        using var log = new LineLog();
        var webhook = await bench.AddAsync("http://127.0.0.1:1/hook");
        await bench.HappenAsync();

        await new EndpointWorker(bench.Services with { Log = log }, webhook).RunOnceAsync(CancellationToken.None);

        var line = Assert.Single(log.Lines);
        Assert.Matches(@"^webhook ep_\w+ event \w+ message\.received: failed none; attempt 1, \d+ ms, next \d{4}-\S+Z: 127\.0\.0\.1 cannot be connected to\. .*Connection refused$", line);
        Assert.Equal(line.IndexOf("cannot be", StringComparison.Ordinal), line.LastIndexOf("cannot be", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_what_was_chosen_is_sent_and_nothing_from_before()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        await using var bench = await WebhookBench.StartAsync();
        await bench.HappenAsync(EventTypes.Sent);
        await bench.AddAsync(endpoint.Url, EventTypes.Sent);
        await bench.HappenAsync(EventTypes.ReceivedSpam);
        await bench.HappenAsync(EventTypes.Sent);
        await Eventually.TrueAsync(() => !endpoint.Hooks.IsEmpty);
        Assert.Contains("message.sent", Encoding.UTF8.GetString(Assert.Single(endpoint.Hooks).Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Eight_tries_at_the_times_of_the_schedule_and_then_a_dead_letter()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync(500);
        await using var bench = await WebhookBench.StartAsync();
        var webhook = await bench.AddAsync(endpoint.Url);
        await bench.HappenAsync();
        var waits = new[] { 5, 300, 1800, 7200, 18000, 36000, 36000 };
        for (var failed = 1; failed <= 8; failed++)
        {
            await bench.FailedAsync(failed);
            if (failed == 8)
                break;
            var due = (await bench.Webhooks.WaitingAsync(webhook, 1, default)).Single().NextAttemptAt;
            Assert.Equal(waits[failed - 1], (due - bench.Time.GetUtcNow()).TotalSeconds, 3);
            // The worker may not have begun to wait yet: time moves in steps until it has tried.
            bench.Time.Advance(due - bench.Time.GetUtcNow() - TimeSpan.FromMilliseconds(1));
            Assert.Equal(failed, endpoint.Hooks.Count);
            var count = failed;
            await Eventually.TrueAsync(() =>
            {
                if (endpoint.Hooks.Count == count)
                    bench.Time.Advance(TimeSpan.FromMilliseconds(1));
                return endpoint.Hooks.Count > count;
            });
        }

        var dead = Assert.Single(await bench.Webhooks.DeadLettersAsync(webhook, null, 10, default));
        Assert.Equal((8, 8), (dead.Attempts, dead.History.Count));
        Assert.All(dead.History, a => Assert.Equal(500, a.Status));
        Assert.Single(endpoint.Hooks.Select(h => h.Id).Distinct());
        Assert.True((await bench.ReadAsync(webhook)).Enabled);
    }

    [Fact]
    public async Task A_dead_letter_comes_again_when_it_is_replayed()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        await using var bench = await WebhookBench.StartAsync();
        var webhook = await bench.AddAsync(endpoint.Url);
        await bench.HappenAsync(times: 2);
        await Eventually.TrueAsync(() => endpoint.Hooks.Count == 2);
        var id = endpoint.Hooks.First().Id;
        await bench.Store.Database.WriteAsync(session => AgentMta.Server.Store.WebhookStore.Replay(session, webhook, AgentMta.Server.Store.EventStore.OfIds(session, webhook.WorkspaceId, [id])));
        await Eventually.TrueAsync(() => endpoint.Hooks.Count == 3);
        Assert.Equal(id, endpoint.Hooks.Last().Id);
        await Eventually.TrueAsync(async () => await bench.Store.CountAsync("SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'delivered' AND attempts = 1") == 1);
    }

    [Fact]
    public async Task A_slow_endpoint_delays_no_other_and_counts_as_failed_after_15_seconds()
    {
        var arrived = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        await using var slow = await ScriptedEndpoint.StartAsync();
        slow.Answer = (_, context) =>
        {
            arrived.TrySetResult();
            return Task.WhenAny(never.Task, Task.Delay(Timeout.Infinite, context.RequestAborted));
        };
        await using var fast = await ScriptedEndpoint.StartAsync();
        await using var bench = await WebhookBench.StartAsync();
        var late = await bench.AddAsync(slow.Url);
        await bench.AddAsync(fast.Url);
        await bench.HappenAsync(times: 20);
        await arrived.Task;
        await Eventually.TrueAsync(() => fast.Hooks.Count == 20);
        Assert.Equal(0, await bench.Store.CountAsync("SELECT COUNT(*) FROM webhook_attempts"));
        bench.Time.Advance(TimeSpan.FromSeconds(15));
        await bench.FailedAsync(1);
        var waiting = await bench.Webhooks.WaitingAsync(late, 1, default);
        Assert.Equal(1, waiting[0].Attempts);
        Assert.Contains("No answer within 15 s", (await bench.Store.RowsAsync("SELECT fault FROM webhook_attempts"))[0], StringComparison.Ordinal);
        never.SetResult();
    }

    [Fact]
    public async Task A_redirect_is_a_failure_and_is_not_followed()
    {
        await using var target = await ScriptedEndpoint.StartAsync();
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        endpoint.Answer = (_, context) =>
        {
            context.Response.Headers.Location = target.Url;
            return ScriptedEndpoint.Status(context, StatusCodes.Status307TemporaryRedirect);
        };
        await using var bench = await WebhookBench.StartAsync();
        await bench.AddAsync(endpoint.Url);
        await bench.HappenAsync();
        await bench.FailedAsync(1);
        Assert.Empty(target.Hooks);
        Assert.Equal("307|The endpoint redirects, which is not followed.", (await bench.Store.RowsAsync("SELECT status, fault FROM webhook_attempts")).Single());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("hidden.example")]
    public async Task A_private_address_is_not_connected_to_whatever_name_it_has(string host)
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        await using var bench = await WebhookBench.StartAsync(loopback: false, dns: new OneName("hidden.example", "127.0.0.1"));
        await bench.AddAsync(endpoint.Url.Replace("127.0.0.1", host, StringComparison.Ordinal));
        await bench.HappenAsync();
        await bench.FailedAsync(1);
        Assert.Contains("private network", (await bench.Store.RowsAsync("SELECT fault FROM webhook_attempts")).Single(), StringComparison.Ordinal);
        Assert.Empty(endpoint.Hooks);
    }

    [Fact]
    public async Task A_name_is_delivered_to_at_the_address_that_was_checked()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        await using var bench = await WebhookBench.StartAsync(dns: new OneName("hooks.example", "127.0.0.1"));
        await bench.AddAsync(endpoint.Url.Replace("127.0.0.1", "hooks.example", StringComparison.Ordinal));
        await bench.HappenAsync();
        await Eventually.TrueAsync(() => endpoint.Hooks.Count == 1);
        Assert.StartsWith("hooks.example:", endpoint.Hooks.Single().Headers["host"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_days_without_a_success_switch_an_endpoint_off_with_an_event()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync(503);
        await using var bench = await WebhookBench.StartAsync();
        var webhook = await bench.AddAsync(endpoint.Url);
        await bench.HappenAsync();
        await bench.FailedAsync(1);
        bench.Time.Advance(TimeSpan.FromDays(5));
        await bench.HappenAsync();
        await Eventually.TrueAsync(async () => !(await bench.ReadAsync(webhook)).Enabled);
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(*) FROM events WHERE event_type = 'webhook.disabled'"));
        Assert.Equal(0, await bench.Store.CountAsync("SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'waiting'"));
    }

    [Fact]
    public async Task A_success_forgets_the_failures_before()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync(503);
        await using var bench = await WebhookBench.StartAsync();
        var webhook = await bench.AddAsync(endpoint.Url);
        await bench.HappenAsync();
        await bench.FailedAsync(1);
        Assert.NotNull((await bench.ReadAsync(webhook)).FailingSince);
        endpoint.Answer = (_, _) => Task.CompletedTask;
        await bench.HappenAsync();
        await Eventually.TrueAsync(async () => (await bench.ReadAsync(webhook)).FailingSince is null);
    }

    [Fact]
    public async Task A_restart_loses_nothing_and_repeats_under_the_same_id()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        var hold = new TaskCompletionSource();
        var ids = new ConcurrentQueue<string>();
        endpoint.Answer = (hook, context) =>
        {
            ids.Enqueue(hook.Id);
            return ids.Count == 1 ? Task.WhenAny(hold.Task, Task.Delay(Timeout.Infinite, context.RequestAborted)) : Task.CompletedTask;
        };
        await using var bench = await WebhookBench.StartAsync();
        var webhook = await bench.AddAsync(endpoint.Url);
        await bench.HappenAsync();
        await Eventually.TrueAsync(() => ids.Count == 1);
        await bench.RestartAsync();
        await Eventually.TrueAsync(() => ids.Count == 2);
        Assert.Single(ids.Distinct());
        await Eventually.TrueAsync(async () => (await bench.ReadAsync(webhook)).Cursor > webhook.Cursor);
        hold.SetResult();
        await bench.RestartAsync();
        await bench.HappenAsync();
        await Eventually.TrueAsync(() => ids.Count == 3);
        Assert.Equal(2, ids.Distinct().Count());
    }
}
