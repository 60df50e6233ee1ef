using AgentMta.Server.Hosting;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Hosting;

public sealed class SampleConfigurationTests
{
    private static readonly string Sample = Path.Combine(Repository.Root, "config", "agentmta.json");

    [Fact]
    public void The_sample_is_a_valid_configuration() => Assert.NotNull(ConfigurationReader.Read(Sample, []));

    [Fact]
    public void The_sample_shows_every_key_there_is()
    {
        var lines = File.ReadAllLines(Sample);
        var shown = lines.Where(l => l.Contains("\":", StringComparison.Ordinal)).Select(l => l[(l.IndexOf('"') + 1)..l.IndexOf("\":", StringComparison.Ordinal)]).ToHashSet();
        var missing = ConfigurationCheck.Keys(typeof(ServerOptions)).Where(key => !shown.Contains(key.Split(':')[^1])).ToList();
        Assert.True(missing.Count == 0, "missing in config/agentmta.json: " + string.Join(", ", missing));
    }

    [Fact]
    public void A_list_in_the_configuration_replaces_the_default_list()
    {
        var options = ConfigurationReader.Read(null, [KeyValuePair.Create("Outbound:RetrySteps:0", (string?)"00:01:00")]);
        Assert.Equal([TimeSpan.FromMinutes(1)], options.Outbound.RetrySteps);
    }

    [Fact]
    public void Networks_and_nested_sections_are_read()
    {
        var options = ConfigurationReader.Read(null,
        [
            KeyValuePair.Create("Inbound:ProxyPeers:0", (string?)"192.0.2.0/24"), KeyValuePair.Create("Inbound:OpenConnections:Address", (string?)"7"),
            KeyValuePair.Create("Receiver:Gates:DmarcReject", (string?)"Label"), KeyValuePair.Create("PermittedNetworks:0", (string?)"10.1.2.3"),
        ]);
        Assert.Equal("192.0.2.0/24", Assert.Single(options.Inbound.ProxyPeers).ToString());
        Assert.Equal(7, options.Inbound.OpenConnections.Address);
        Assert.Equal(90, options.Inbound.OpenConnections.Network);
        Assert.Equal("Label", options.Receiver.Gates.DmarcReject.ToString());
        Assert.Equal("10.1.2.3/32", Assert.Single(options.PermittedNetworks).ToString());
    }
}
