using AgentMta.Server.Hosting;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Hosting;

/// <summary>What stands in a list of the configuration arrives in the options, or stops the start: nothing of it is left out in silence.</summary>
public sealed class ListSettingTests
{
    [Theory]
    [InlineData("""[{ "Certificate": "/x/one.pem" }]""")]
    [InlineData("""[{ "Certificate": "/x/one.pem", "Key": null }]""")]
    public void A_certificate_without_a_key_has_its_key_in_the_same_file(string list)
    {
        var files = Assert.Single(Read($$"""{ "Inbound": { "Certificates": {{list}} } }""").Inbound.Certificates);
        Assert.Equal(("/x/one.pem", null), (files.Certificate, files.Key));
    }

    [Theory]
    [InlineData("""{ "Inbound": { "Certificates": [{ "Certificate": "/x/one.pem" }, { "Key": "/x/two.key" }] } }""", "Inbound:Certificates:1:Certificate", "PEM")]
    [InlineData("""{ "Inbound": { "Certificates": [{}] } }""", "Inbound:Certificates:0", "Certificate, Key")]
    [InlineData("""{ "Inbound": { "Certificates": [null] } }""", "Inbound:Certificates:0", "Certificate, Key")]
    [InlineData("""{ "Inbound": { "Certificates": ["/x/one.pem"] } }""", "Inbound:Certificates:0", "Certificate, Key")]
    [InlineData("""{ "Inbound": { "Certificates": "/x/one.pem" } }""", "Inbound:Certificates", "list")]
    [InlineData("""{ "Inbound": { "Certificates": { "Certificate": "/x/one.pem" } } }""", "Inbound:Certificates:Certificate", "Certificate, Key")]
    [InlineData("""{ "Inbound": { "ProxyPeers": "10.0.0.0/8" } }""", "Inbound:ProxyPeers", "list")]
    [InlineData("""{ "Inbound": { "ProxyPeers": ["10.0.0.0/8", null] } }""", "Inbound:ProxyPeers:1", "network")]
    [InlineData("""{ "Receiver": { "TrustedSealers": ["a.example", null] } }""", "Receiver:TrustedSealers:1", "value")]
    [InlineData("""{ "Receiver": { "Gates": { "DnsLists": [{}] } } }""", "Receiver:Gates:DnsLists:0", "Zone, Score, Refuse")]
    [InlineData("""{ "Outbound": { "RetrySteps": ["00:05:00", ""] } }""", "Outbound:RetrySteps:1", "duration")]
    public void An_element_that_says_nothing_usable_is_a_fault(string configuration, string key, string told)
    {
        var fault = Assert.Single(Assert.Throws<ConfigurationException>(() => Read(configuration)).Faults);
        Assert.StartsWith(key, fault, StringComparison.Ordinal);
        Assert.Contains(told, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_list_and_an_empty_section_are_no_fault()
    {
        var options = Read("""{ "PermittedNetworks": [], "Inbound": { "Certificates": [], "OpenConnections": {} }, "Receiver": {}, "Dns": null }""");
        Assert.Empty(options.Inbound.Certificates);
        Assert.Equal((30, 50, TimeSpan.FromSeconds(20)), (options.Inbound.OpenConnections.Address, options.Receiver.Gates.MaxReceived, options.Dns.LookupTimeout));
    }

    private static ServerOptions Read(string configuration)
    {
        using var file = new TemporaryFile(configuration);
        return ConfigurationReader.Read(file.Path, []);
    }
}
