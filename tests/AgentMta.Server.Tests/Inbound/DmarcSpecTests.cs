using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Server.Hosting;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>The setting that says which DMARC is followed reaches the verdict.</summary>
public sealed class DmarcSpecTests : IDisposable
{
    private readonly string _list = Path.Combine(Path.GetTempPath(), $"agentmta-suffixes-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_list);

    [Fact]
    public async Task The_tree_walk_finds_the_policy_that_a_suffix_list_hides()
    {
        await File.WriteAllTextAsync(_list, "test\nstrict.test\n");
        await using var walk = await OpenAsync();
        await using var list = await OpenAsync(o => o with { DmarcSpec = DmarcSpec.Rfc7489, PublicSuffixList = _list });

        var forged = Mail(from: "ann@sub.strict.test");
        Assert.Equal(550, (await walk.AcceptAsync(forged, "ann@sub.strict.test", Bad)).Code);
        Assert.Equal(250, (await list.AcceptAsync(forged, "ann@sub.strict.test", Bad)).Code);
    }

    [Fact]
    public async Task A_changed_suffix_list_is_followed_without_a_restart()
    {
        await File.WriteAllTextAsync(_list, "test\nstrict.test\n");
        var time = new ManualTimeProvider();
        await using var server = await OpenAsync(o => o with { DmarcSpec = DmarcSpec.Rfc7489, PublicSuffixList = _list }, time);
        var forged = Mail(from: "ann@sub.strict.test");
        Assert.Equal(250, (await server.AcceptAsync(forged, "ann@sub.strict.test", Bad)).Code);

        await File.WriteAllTextAsync(_list, "test\n");
        File.SetLastWriteTimeUtc(_list, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(550, (await server.AcceptAsync(forged, "ann@sub.strict.test", Bad)).Code);
    }

    [Fact]
    public void Rfc7489_without_its_list_is_refused_at_start()
    {
        var fault = Assert.Throws<ConfigurationException>(() => ConfigurationReader.Read(null,
            [KeyValuePair.Create("Receiver:DmarcSpec", (string?)"Rfc7489"), KeyValuePair.Create("Receiver:PublicSuffixList", (string?)"/nonexistent/list")]));
        Assert.Contains("/nonexistent/list", Assert.Single(fault.Faults));
        Assert.Equal(DmarcSpec.Rfc9989, ConfigurationReader.Read(null, []).Receiver.DmarcSpec);
    }
}
