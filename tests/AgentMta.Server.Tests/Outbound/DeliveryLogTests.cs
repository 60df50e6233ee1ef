using System.Text.RegularExpressions;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Outbound;

/// <summary>What an operator with nothing but the log sees of mail on its way out.</summary>
public sealed class DeliveryLogTests
{
    [Fact]
    public async Task Each_recipient_of_an_attempt_leaves_one_line_that_says_how_it_ended()
    {
        await using var bench = await OutboundBench.OpenAsync();
        bench.Remote.Reply = line => line.Contains("gone@", StringComparison.Ordinal) ? "550 5.1.1 no such user" : line.Contains("later@", StringComparison.Ordinal) ? "450 4.2.1 try later" : null;
        var sent = await bench.SendAsync(["ann@example.net", "gone@example.net", "later@example.net"]);
        await bench.StartAsync();
        await LinesAsync(bench, 3);
        var ids = await bench.Store.RowsAsync("SELECT delivery_id FROM deliveries ORDER BY recipient");
        Assert.Matches(Line(ids[0], sent.MessageId!, "ann@example.net", "delivered 2.0.0", "none: 250 "), Of(bench, "ann@"));
        Assert.Matches(Line(ids[1], sent.MessageId!, "gone@example.net", "bounced 5.1.1", "none: 550 5.1.1 no such user"), Of(bench, "gone@"));
        Assert.Matches(Line(ids[2], sent.MessageId!, "later@example.net", "deferred 4.2.1", @"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: 450 4.2.1 try later"), Of(bench, "later@"));
        Assert.DoesNotContain(bench.Log.Lines, l => l.Contains("Good morning", StringComparison.Ordinal) || l.Contains("Hello", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_relay_that_is_dead_is_told_with_each_try()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { MxPort = 1 }); // nothing listens there
        await bench.SendAsync(["ann@example.net"]);
        await bench.StartAsync();
        await LinesAsync(bench, 1);
        Assert.Matches(@"relay mx\.example\.net\[.*\] tls none: deferred 4\.4\.\d; attempt 1, \d+ ms, next \d{4}-", bench.Log.With("delivery ").Single());
    }

    [Fact]
    public async Task What_the_remote_says_makes_no_line_of_its_own_and_has_an_end()
    {
        await using var bench = await OutboundBench.OpenAsync();
        bench.Remote.Reply = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.7.1 \u001b[2Jno\u0007 " + new string('x', 900) : null;
        await bench.SendAsync(["ann@example.net"]);
        await bench.StartAsync();
        await LinesAsync(bench, 1);
        var line = bench.Log.With("delivery ").Single();
        Assert.DoesNotContain(line, char.IsControl);
        Assert.EndsWith("xxx…", line, StringComparison.Ordinal);
        Assert.InRange(line.Length, 400, 900);
    }

    [Fact]
    public async Task A_recipient_who_is_suppressed_meanwhile_leaves_a_line_too()
    {
        await using var bench = await OutboundBench.OpenAsync();
        await bench.SendAsync(["ann@example.net"]);
        await bench.Store.Database.WriteAsync(session => Server.Store.SuppressionStore.Add(
            session, new Suppression(bench.Store.WorkspaceId, SuppressionScope.Workspace, Suppression.Everything, "ann@example.net", Suppression.Bounce, null, null, default), bench.Store.PodId, TestStore.Agent, "thread"));
        await bench.StartAsync();
        await LinesAsync(bench, 1);
        Assert.Contains("relay none[none] tls none: dropped 5.7.1;", bench.Log.With("delivery ").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\r\nb", "a  b")]
    [InlineData("a\u2028b\u0085c\u202ed", "a b c d")]
    [InlineData("1234567890+", "1234567890…")]
    public void A_text_of_a_peer_is_cleaned_and_bounded(string text, string clean) => Assert.Equal(clean, LogText.Clean(text, 10));

    private static Task LinesAsync(OutboundBench bench, int count) =>
        Eventually.TrueAsync(() => bench.Log.With("delivery ").Count() >= count, () => string.Join('\n', bench.Log.Lines));

    private static string Of(OutboundBench bench, string recipient) => Assert.Single(bench.Log.With("<" + recipient));

    private static string Line(string delivery, string message, string recipient, string outcome, string rest) =>
        $@"^delivery {delivery} message {Regex.Escape(message)} to <{Regex.Escape(recipient)}> relay mx\.example\.net\[127\.0\.0\.1\] tls none: {Regex.Escape(outcome)}; attempt 1, \d+ ms, next {rest}";
}
