using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Reflection;
using AgentMta.Server.Hosting;

namespace AgentMta.Server.Tests.Hosting;

/// <summary>A value with which the server could not do its work is told at the start, with its key and what is allowed.</summary>
public sealed class OptionRangeTests
{
    [Fact]
    public void Every_number_and_duration_has_a_range()
    {
        var open = ConfigurationCheck.Keys(typeof(ServerOptions)).Where(key => Find(key) is var property && IsMeasure(property.PropertyType) && property.GetCustomAttribute<RangeAttribute>() is null).ToList();
        Assert.True(open.Count == 0, "without a range: " + string.Join(", ", open));
    }

    [Fact]
    public void The_keys_of_a_list_s_elements_are_keys_too()
    {
        Assert.Contains("Receiver:Gates:DnsLists:0:Score", ConfigurationCheck.Keys(typeof(ServerOptions)));
        Assert.Contains("Inbound:Certificates:0:Key", ConfigurationCheck.Keys(typeof(ServerOptions)));
    }

    [Theory]
    [InlineData("Outbound:Lease", "00:00:00", "from 00:00:10 to")]
    [InlineData("Outbound:SiteConnections", "0", "from 1 to")]
    [InlineData("Outbound:RetryJitter", "7", "from 0 to 0.9")]
    [InlineData("Outbound:Lifetime", "00:00:00", "from 00:00:01 to 30.00:00:00")]
    [InlineData("Outbound:RetrySteps:0", "00:00:00", "from 00:00:01 to 7.00:00:00")]
    [InlineData("Outbound:RetrySteps:0", "-00:05:00", "from 00:00:01 to 7.00:00:00")]
    [InlineData("Outbound:ClaimPerDestination", "1", "from 2 to")]
    [InlineData("Outbound:Timeouts:DataEnd", "00:00:00", "from 00:00:01 to")]
    [InlineData("Api:MaxWait", "10:00:00", "to 00:00:59")]
    [InlineData("Inbound:MaxRecipients", "-1", "from 1 to")]
    [InlineData("Inbound:MaxMessageSize", "0", "from 1024 to")]
    [InlineData("Inbound:MaxMessageSize", "-5", "from 1024 to")]
    [InlineData("Inbound:MaxConnections", "0", "from 1 to")]
    [InlineData("Inbound:MaxCommandLine", "0", "from 512 to")]
    [InlineData("Inbound:MaxCommandLine", "5", "from 512 to")]
    [InlineData("Inbound:IdleTimeout", "-00:00:01", "from 00:00:01 to")]
    [InlineData("Inbound:TarpitDelay", "-00:00:05", "from 00:00:00 to")]
    [InlineData("Inbound:HandshakeTimeout", "00:00:00", "from 00:00:01 to")]
    [InlineData("Inbound:OpenConnections:Address", "-3", "from 1 to")]
    [InlineData("Inbound:AuthFailureBudget", "0", "from 1 to")]
    [InlineData("Inbound:UnknownRecipientBudget", "-1", "from 0 to")]
    [InlineData("Receiver:GateTime", "-00:00:01", "from 00:00:01 to")]
    [InlineData("Receiver:TrustedSealers:0", "not a domain!", "a domain")]
    [InlineData("Receiver:OwnAuthservIds:0", "", "a value")]
    [InlineData("Receiver:Gates:MaxReceived", "-1", "from 1 to")]
    [InlineData("Receiver:Gates:SenderPerMinute", "-4", "from 0 to")]
    [InlineData("Receiver:Gates:SpamLabelScore", "-1", "from 0 to")]
    [InlineData("Receiver:Gates:ScannerTimeout", "00:00:00", "to 00:01:00")]
    [InlineData("Receiver:Postmaster", "not an address", "an address")]
    [InlineData("Receiver:Postmaster", "Ann <ann@agentmta.test>", "an address")]
    [InlineData("Receiver:Gates:Clamd", "::1:3310", "in brackets")]
    [InlineData("Receiver:Gates:Clamd", "127.0.0.1:0", "from 1 to 65535")]
    [InlineData("Receiver:Gates:Clamd", "127.0.0.1:70000", "from 1 to 65535")]
    [InlineData("Receiver:Gates:Clamd", "not a host:3310", "no host")]
    [InlineData("Receiver:Gates:Clamd", "unix:", "path")]
    [InlineData("Receiver:Gates:Rspamd", "http://127.0.0.1:0/", "http URL")]
    [InlineData("Dns:CacheBytes", "-1", "from 0 to")]
    [InlineData("Dns:Attempts", "0", "from 1 to 10")]
    [InlineData("Dns:Timeout", "00:02:00", "to 00:01:00")]
    public void An_impossible_value_is_refused_with_key_value_and_what_is_allowed(string key, string value, string allowed)
    {
        var fault = Assert.Single(Faults((key, value)));
        Assert.StartsWith($"{key} = '{value}': ", fault, StringComparison.Ordinal);
        Assert.Contains(allowed, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Inbound:IdleTimeout", "300")]
    [InlineData("StopTimeout", "20")]
    [InlineData("Outbound:RetrySteps:0", "5")]
    public void A_duration_without_a_colon_is_refused_for_it_would_be_days(string key, string value)
    {
        var fault = Assert.Single(Faults((key, value)));
        Assert.StartsWith($"{key} = '{value}': a duration as [days.]hours:minutes:seconds is expected", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Inbound:MaxMessagesPerConnection", "0")]
    [InlineData("Inbound:TarpitDelay", "00:00:00")]
    [InlineData("Inbound:BannerDelay", "00:00:00")]
    [InlineData("Receiver:Gates:SenderPerMinute", "0")]
    [InlineData("Receiver:Gates:FirstContactsPerHour", "0")]
    [InlineData("Receiver:Gates:SpamLabelScore", "0")]
    [InlineData("Receiver:Gates:SpamRefuseScore", "0")]
    [InlineData("Receiver:Gates:Greylist:Delay", "00:00:00")]
    [InlineData("Receiver:Gates:Greylist:AutoAllowAfter", "0")]
    [InlineData("Outbound:InboxRecipientsPerHour", "0")]
    [InlineData("Outbound:RepliesPerThreadHour", "0")]
    [InlineData("Outbound:RetryJitter", "0")]
    [InlineData("Api:RequestsPerSecond", "0")]
    [InlineData("Api:MaxInboxes", "0")]
    [InlineData("Dns:CacheBytes", "0")]
    [InlineData("FreeSpaceFloor", "0")]
    [InlineData("Receiver:Postmaster", "hostmaster@agentmta.test")]
    [InlineData("Receiver:TrustedSealers:0", "bücher.example")]
    [InlineData("Receiver:Gates:Clamd", "unix:/run/clamav/clamd.ctl")]
    [InlineData("Receiver:Gates:Clamd", "127.0.0.1:3310")]
    [InlineData("Receiver:Gates:Clamd", "[::1]:3310")]
    [InlineData("Receiver:Gates:Clamd", "clamd.internal:3310")]
    public void What_means_off_or_none_stays_allowed(string key, string value) => Assert.Empty(Faults((key, value)));

    [Fact]
    public void Numbers_in_the_elements_of_a_list_are_checked_with_their_place()
    {
        var fault = Assert.Single(Faults(("Receiver:Gates:DnsLists:0:Zone", "zen.example.net"), ("Receiver:Gates:DnsLists:1:Zone", "bl.example.net"), ("Receiver:Gates:DnsLists:1:Score", "NaN")));
        Assert.StartsWith("Receiver:Gates:DnsLists:1:Score = 'NaN': a number from -1000 to 1000 is expected", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Receiver:Gates:SpamLabelScore", "20", "Receiver:Gates:SpamRefuseScore", "5", "Receiver:Gates:SpamRefuseScore = '5'")]
    [InlineData("Outbound:SiteConnections", "30", "Outbound:SiteConnectionsLimit", "20", "Outbound:SiteConnectionsLimit = '20'")]
    [InlineData("Receiver:Gates:Greylist:Delay", "02:00:00", "Receiver:Gates:Greylist:RetryWindow", "01:00:00", "Receiver:Gates:Greylist:RetryWindow = '01:00:00'")]
    [InlineData("Receiver:Gates:Clamd", "127.0.0.1:3310", "Receiver:GateTime", "00:00:10", "Receiver:GateTime = '00:00:10'")]
    public void Two_values_that_contradict_each_other_are_refused(string key, string value, string other, string otherValue, string named)
    {
        var fault = Assert.Single(Faults((key, value), (other, otherValue)));
        Assert.StartsWith(named + ": ", fault, StringComparison.Ordinal);
        Assert.Contains(key.Split(':')[^1], fault, StringComparison.Ordinal);
    }

    // unix(7): 108 octets, of which one ends the text.
    [Theory]
    [InlineData(107, false)]
    [InlineData(108, true)]
    public void The_path_of_a_socket_is_no_longer_than_the_system_takes(int octets, bool refused)
    {
        var faults = Faults(("Receiver:Gates:Clamd", "unix:/" + new string('a', octets - 1)));
        Assert.Equal(refused, faults.Count == 1 && faults[0].Contains("at most 107 octets", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Smtp")]
    [InlineData("Inbound:MaxRecipients")]
    [InlineData("Inbound:ProxyPeers")]
    public void Null_for_what_has_no_null_is_refused(string key)
    {
        var leaf = key.Split(':');
        using var file = new Support.TemporaryFile(leaf.Length == 1 ? $$"""{ "{{key}}": null }""" : $$"""{ "{{leaf[0]}}": { "{{leaf[1]}}": null } }""");
        var fault = Assert.Single(Assert.Throws<ConfigurationException>(() => ConfigurationReader.Read(file.Path, [])).Faults);
        Assert.StartsWith(key, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_retry_schedule_without_steps_is_refused()
    {
        var fault = Assert.Single(Faults(("Outbound:RetrySteps", "")));
        Assert.StartsWith("Outbound:RetrySteps", fault, StringComparison.Ordinal);
        Assert.Contains("at least one", fault, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Faults(params (string Key, string Value)[] settings)
    {
        try
        {
            ConfigurationReader.Read(null, settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
            return [];
        }
        catch (ConfigurationException e)
        {
            return e.Faults;
        }
    }

    private static PropertyInfo Find(string key)
    {
        var type = typeof(ServerOptions);
        PropertyInfo? property = null;
        foreach (var name in key.Split(':').Where(n => n != "0"))
        {
            property = type.GetProperty(name)!;
            type = Element(property.PropertyType);
        }

        return property!;
    }

    private static bool IsMeasure(Type type)
    {
        type = Element(type);
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(TimeSpan) || (type != typeof(bool) && type.IsPrimitive) || type == typeof(decimal);
    }

    private static Type Element(Type type) => type.IsGenericType && type != typeof(IPNetwork) && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : type;
}
