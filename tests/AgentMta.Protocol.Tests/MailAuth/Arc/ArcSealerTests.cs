using System.Text;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Tests.Support;
using static AgentMta.Protocol.Tests.MailAuth.Dkim.SignedMessage;

namespace AgentMta.Protocol.Tests.MailAuth.Arc;

public sealed class ArcSealerTests
{
    private static readonly DkimSigningKey Key = new("example.test", "r", Rsa);

    [Fact]
    public async Task A_chain_grows_hop_by_hop_and_tells_who_sealed()
    {
        var message = Signed();
        for (var hop = 1; hop <= 4; hop++)
        {
            message = await SealedAsync(message, hop % 2 == 0 ? new("example.test", "e", Ed25519Key) : Key);
            var result = await VerifyAsync(message);
            Assert.Equal((ArcStatus.Pass, hop, null), (result.Status, result.Instances, result.Reason));
            Assert.Equal(Enumerable.Range(1, hop), result.Seals.Select(s => s.Instance));
            Assert.All(result.Seals, s => Assert.True(s.Verified));
            Assert.Equal(["none", .. Enumerable.Repeat("pass", hop - 1)], result.Seals.Select(s => s.ChainValidation));
            Assert.Equal("mx.test; spf=pass smtp.mailfrom=example.test; dkim=pass", result.Seals[^1].AuthenticationResults?.ReplaceLineEndings(""));
            Assert.Equal(("example.test", hop % 2 == 0 ? "e" : "r"), (result.Seals[^1].Domain, result.Seals[^1].Selector));
        }
    }

    [Fact]
    public async Task A_message_without_a_chain_is_none_and_asks_nothing()
    {
        var zone = Zone;
        var result = await VerifyAsync(Signed(), zone);
        Assert.Equal((ArcStatus.None, 0), (result.Status, result.Instances));
        Assert.Empty(zone.Asked);
    }

    [Theory]
    [InlineData("Hello Bob", "Hello bob", "ARC-Message-Signature 2: the body was changed")]
    [InlineData("Subject: Plan", "Subject: Plans", "ARC-Message-Signature 2: the signed header fields")]
    [InlineData("i=1; mx.test", "i=1; my.test", "ARC-Seal 2: the ARC fields were changed")]
    [InlineData("i=1; mx.test", "i=3; mx.test", "instance 1 lacks its ARC-Authentication-Results")]
    [InlineData("i=1; mx.test", "i=2; mx.test", "more than one ARC-Authentication-Results")]
    [InlineData("i=1; mx.test", "i=0; mx.test", "without a readable instance")]
    [InlineData("i=1; mx.test", "i=51; mx.test", "without a readable instance")]
    [InlineData("i=1; mx.test", "j=1; mx.test", "without a readable instance")]
    [InlineData("cv=none", "cv=pass", "ARC-Seal 1 has cv=pass")]
    [InlineData("cv=pass", "cv=none", "ARC-Seal 2 has cv=none")]
    [InlineData("cv=pass", "cv=fail", "had found the chain broken")]
    [InlineData("cv=pass", "cv=Pass", "cv= is not none, pass or fail")]
    [InlineData("cv=pass", "cv=pass; h=from", "a seal with h=")]
    [InlineData("h=from:", "h=arc-seal:from:", "h= names ARC-Seal")]
    public async Task What_breaks_a_chain_is_named(string part, string instead, string reason)
    {
        var message = await SealedAsync(await SealedAsync(Signed(), Key), Key);
        var bent = Replace(message, part, instead);
        Assert.NotEqual(message, bent);
        var result = await VerifyAsync(bent);
        Assert.Equal(ArcStatus.Fail, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
        Assert.False(result.Temporary);
    }

    [Fact]
    public async Task Older_message_signatures_need_not_fit_what_a_later_hop_changed()
    {
        var first = await SealedAsync(Signed(), Key);
        var changed = await SealedAsync(first.Replace("Subject: Plan", "Subject: [list] Plan", StringComparison.Ordinal), Key, await VerifyAsync(first));
        Assert.Equal((ArcStatus.Pass, 2), ((await VerifyAsync(changed)).Status, (await VerifyAsync(changed)).Instances));
    }

    [Fact]
    public async Task A_broken_chain_is_closed_with_its_own_set_alone_and_never_added_to_again()
    {
        var broken = (await SealedAsync(Signed(), Key)).Replace("Hello", "Hallo", StringComparison.Ordinal);
        var closed = await SealedAsync(broken, Key);
        Assert.StartsWith("ARC-Seal: a=rsa-sha256;", closed, StringComparison.Ordinal);
        var result = await VerifyAsync(closed);
        Assert.Equal((ArcStatus.Fail, 2, "fail"), (result.Status, result.Instances, result.Seals[1].ChainValidation));
        Assert.Equal(closed, await SealedAsync(closed, Key));
    }

    [Fact]
    public async Task A_chain_of_fifty_passes_and_grows_no_more()
    {
        var message = Signed();
        for (var hop = 1; hop <= 50; hop++)
            message = await SealedAsync(message, new("example.test", "e", Ed25519Key), new ArcResult(hop == 1 ? ArcStatus.None : ArcStatus.Pass, hop - 1, [], null));
        var zone = Zone;
        var result = await VerifyAsync(message, zone);
        Assert.Equal((ArcStatus.Pass, 50), (result.Status, result.Instances));
        Assert.Single(zone.Asked);
        Assert.Equal(message, await SealedAsync(message, Key, result));
    }

    [Theory]
    [InlineData(DnsStatus.NameError, false)]
    [InlineData(DnsStatus.Timeout, true)]
    public async Task A_key_that_cannot_be_had_fails_and_tells_whether_later_may_do(DnsStatus answer, bool temporary)
    {
        var result = await VerifyAsync(await SealedAsync(Signed(), Key), new NameTable().Status(KeyName, answer));
        Assert.Equal((ArcStatus.Fail, temporary), (result.Status, result.Temporary));
    }

    [Fact]
    public void Our_own_results_are_gathered_and_those_of_others_left_out()
    {
        const string Results = "Authentication-Results: mx.test; spf=pass (a; b) smtp.mailfrom=x.test;\r\n dkim=none;\r\nAuthentication-Results: other.test; dkim=pass\r\nAuthentication-Results: MX.test 1; dmarc=pass\r\nAuthentication-Results: mx.test; none\r\n";
        var fields = Encoding.ASCII.GetString(ArcSealer.Seal(Encoding.ASCII.GetBytes(Results + Signed()), null, "mx.test", ArcResult.None, Key, Now));
        Assert.Contains("ARC-Authentication-Results: i=1; mx.test;\r\n spf=pass (a; b) smtp.mailfrom=x.test; dkim=none; dmarc=pass\r\n", fields, StringComparison.Ordinal);
        Assert.DoesNotContain("other.test", fields, StringComparison.Ordinal);
        Assert.Contains("mx.test; none\r\n", Encoding.ASCII.GetString(ArcSealer.Seal(Encoding.ASCII.GetBytes(Signed()), null, "mx.test", ArcResult.None, Key, Now)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verdict_about_another_message_is_an_argument_error()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => SealedAsync(Signed(), Key, new ArcResult(ArcStatus.Pass, 1, [], null)));
        Assert.Throws<ArgumentException>(() => ArcSealer.Seal(Encoding.ASCII.GetBytes(Signed()), "none", "mx.test\r\nX: y", ArcResult.None, Key, Now));
    }

    [Fact]
    public void No_results_of_ours_can_start_a_line_of_their_own()
    {
        var fields = Encoding.ASCII.GetString(ArcSealer.Seal(Encoding.ASCII.GetBytes(Signed()), "spf=pass\r\nX-Evil: 1;\n\ndkim=pass", "mx.test", ArcResult.None, Key, Now));
        Assert.DoesNotContain("\nX-Evil", fields, StringComparison.Ordinal);
        Assert.DoesNotContain("\n\n", fields.Replace("\r", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private static string Replace(string message, string part, string instead)
    {
        // The lowest occurrence of the ARC fields' own text, the newest of others.
        var at = part.StartsWith("i=1", StringComparison.Ordinal) ? message.LastIndexOf(part, StringComparison.Ordinal) : message.IndexOf(part, StringComparison.Ordinal);
        return message[..at] + instead + message[(at + part.Length)..];
    }

    private static async Task<string> SealedAsync(string message, DkimSigningKey key, ArcResult? chain = null)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        return Encoding.UTF8.GetString(ArcSealer.Seal(bytes, "spf=pass smtp.mailfrom=example.test; dkim=pass", "mx.test", chain ?? await VerifyAsync(message), key, Now)) + message;
    }

    private static async Task<ArcResult> VerifyAsync(string message, NameTable? zone = null) =>
        await ArcVerifier.VerifyAsync(Encoding.UTF8.GetBytes(message), zone ?? Zone, Now, CancellationToken.None);
}
