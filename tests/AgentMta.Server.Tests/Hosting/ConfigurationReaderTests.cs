using AgentMta.Server.Hosting;

namespace AgentMta.Server.Tests.Hosting;

public sealed class ConfigurationReaderTests
{
    [Fact]
    public void Without_any_setting_the_defaults_are_valid() => Assert.Equal("127.0.0.1:2525", ConfigurationReader.Read(null, []).Smtp);

    [Theory]
    [InlineData("Smtpp", "127.0.0.1:1", "Smtpp", "no such key")]
    [InlineData("Smtp", "everywhere", "Smtp", "everywhere")]
    [InlineData("StopTimeout", "soon", "StopTimeout", "duration")]
    [InlineData("StopTimeout", "09:00:00", "StopTimeout", "00:05:00")]
    [InlineData("LogLevel", "Loud", "LogLevel", "Warning")]
    [InlineData("Domain", "no-dot", "Domain", "no-dot")]
    [InlineData("Domain", "-.example", "Domain", "-.example")]
    [InlineData("PublicUrl", "ftp://x.test", "PublicUrl", "http")]
    [InlineData("Data:Folder", "x", "Data", "single value")]
    public void A_wrong_setting_is_refused_with_its_key_and_what_is_allowed(string key, string value, string named, string told)
    {
        var fault = Assert.Throws<ConfigurationException>(() => ConfigurationReader.Read(null, [KeyValuePair.Create(key, (string?)value)]));
        var line = Assert.Single(fault.Faults);
        Assert.StartsWith(named, line, StringComparison.Ordinal);
        Assert.Contains(told, line, StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_line_wins_over_the_file_and_comments_in_the_file_are_fine()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "{ /* a comment */ \"Smtp\": \"127.0.0.1:1111\",\n \"Http\": \"127.0.0.1:2222\", // another\n }");
            var options = ConfigurationReader.Read(file, [KeyValuePair.Create("Http", (string?)"127.0.0.1:3333")]);
            Assert.Equal(("127.0.0.1:1111", "127.0.0.1:3333"), (options.Smtp, options.Http));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_broken_or_missing_file_is_told_by_its_name()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "{ \"Smtp\": ");
            Assert.Contains(file, Assert.Throws<ConfigurationException>(() => ConfigurationReader.Read(file, [])).Message, StringComparison.Ordinal);
            // People and editors count lines and columns from 1.
            File.WriteAllText(file, "{\n  \"Smtp\": \"127.0.0.1:1\",\n  \"Http\": nope\n}");
            var told = Assert.Throws<ConfigurationException>(() => ConfigurationReader.Read(file, [])).Message;
            Assert.Contains("line 3, column 12", told, StringComparison.Ordinal);
            Assert.DoesNotContain("BytePositionInLine", told, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Contains(file, Assert.Throws<ConfigurationException>(() => ConfigurationReader.Read(file, [])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:25", 1)]
    [InlineData("*:25, [::]:25", 2)]
    [InlineData("localhost:2525", 1)]
    [InlineData("", 0)]
    public void Listeners_are_read_from_addresses_with_ports(string text, int count)
    {
        Assert.True(ServerOptions.TryReadEndpoints(text, out var endpoints));
        Assert.Equal(count, endpoints.Count);
    }
}
