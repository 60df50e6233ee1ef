using System.Text;
using System.Text.Json;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Cli;
using AgentMta.Server.Resolver;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Cli;

public sealed class AuthBatchTests
{
    [Fact]
    public async Task Each_line_has_its_answer_in_order_and_a_bad_line_costs_only_itself()
    {
        var answers = await RunAsync(
            """
            {"id":1,"ip":"192.0.2.1","helo":"h.test","mail_from":"<u@a.test>","zone":{"A.test.":[{"TXT":["v=spf1 ","ip4:192.0.2.1 -all"]}]}}
            nonsense

            [1]
            {"id":{"n":[2]},"mail_from":"u@a.test"}
            {"id":"\ud800","ip":"192.0.2.1","zone":[]}
            {"id":3,"ip":"x"}
            {"id":4,"ip":"192.0.2.1","message_file":"/nonexistent/file","zone":{}}
            {"id":5,"ip":"192.0.2.9","mail_from":"u@a.test","zone":{"a.test":[{"TXT":"v=spf1 -all exp=b.test"}],"b.test":[{"TXT":"%{i} is not ours"}]}}
            """);
        Assert.Equal(8, answers.Count);
        Assert.Equal("pass", answers[0].GetProperty("spf").GetProperty("result").GetString());
        Assert.All(answers[1..7], a => Assert.NotEmpty(a.GetProperty("error").GetString()!));
        Assert.Equal("{\"n\":[2]}", answers[3].GetProperty("id").GetRawText());
        Assert.Equal(("fail", "192.0.2.9 is not ours"), (answers[7].GetProperty("spf").GetProperty("result").GetString(), answers[7].GetProperty("spf").GetProperty("explanation").GetString()));
    }

    [Fact]
    public async Task Dmarc_alone_follows_the_document_asked_for()
    {
        const string zone = "\"zone\":{\"_dmarc.example.com\":[{\"TXT\":\"v=DMARC1; p=reject; t=y\"}]}";
        var answers = await RunAsync(
            $$"""
            {"id":1,"header_from":"u@a.example.com","dkim_pass_domains":["b.example.com"],"spf_pass_domains":[],{{zone}}}
            {"id":2,"header_from":"u@a.example.com","dkim_pass_domains":[],"spf_pass_domains":[],{{zone}},"dmarc_spec":"dmarcbis"}
            {"id":3,"header_from":["u@a.example.com"],"dkim_pass_domains":[],"spf_pass_domains":[],{{zone}},"dmarc_spec":"rfc7489"}
            {"id":4,"header_from":"u@a.example.com","dmarc_spec":"rfc9999"}
            """);
        Assert.Equal("""{"result":"pass","policy":"quarantine","org_domain":"example.com","disposition":"none"}""", answers[0].GetProperty("dmarc").GetRawText());
        Assert.Equal("""{"result":"fail","policy":"quarantine","org_domain":"example.com","disposition":"quarantine"}""", answers[1].GetProperty("dmarc").GetRawText());
        Assert.Equal("""{"result":"fail","policy":"reject","org_domain":"example.com","disposition":"reject"}""", answers[2].GetProperty("dmarc").GetRawText());
        Assert.Contains("rfc9999", answers[3].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Organisational_domains_come_from_the_suffix_list()
    {
        using var list = new TemporaryFile("com\nco.uk\n");
        var answers = await RunAsync("{\"id\":1,\"org_domain_of\":\"A.b.Co.uk\"}\n{\"id\":2,\"org_domain_of\":\"co.uk\"}", list.Path);
        Assert.Equal("""{"id":1,"org_domain":"b.co.uk"}""", answers[0].GetRawText());
        Assert.Equal("""{"id":2,"org_domain":null}""", answers[1].GetRawText());
    }

    [Fact]
    public async Task A_whole_message_gets_every_method()
    {
        using var message = new TemporaryFile("From: u@a.test\r\n\r\nHi\r\n");
        var answers = await RunAsync($$$"""{"id":1,"ip":"192.0.2.1","helo":"h.test","mail_from":"u@a.test","message_file":"{{{message.Path}}}","at":1795000000,"zone":{"_dmarc.a.test":[{"TXT":"v=DMARC1;p=none"}]}}""");
        Assert.Equal(["id", "spf", "dkim", "dmarc", "arc"], answers[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal("fail", answers[0].GetProperty("dmarc").GetProperty("result").GetString());
        Assert.Equal("""{"result":"none","instances":0}""", answers[0].GetProperty("arc").GetRawText());
    }

    [Fact]
    public async Task An_answer_is_written_before_the_next_line_is_read()
    {
        using var output = new MemoryStream();
        var seen = new List<long>();
        await Batch(PublicSuffixFile.DefaultPath).RunAsync(new WatchedReader(output, seen, "{\"id\":1}", "{\"id\":2}"), output, CancellationToken.None);
        Assert.True(seen is [0, > 0, _] && seen[2] > seen[1], string.Join(',', seen));
    }

    [Theory]
    [InlineData("a.test", DnsRecordType.A, DnsStatus.Ok)]
    [InlineData("A.TEST.", DnsRecordType.A, DnsStatus.Ok)]
    [InlineData("a.test", DnsRecordType.MX, DnsStatus.Timeout)]
    [InlineData("a.test", DnsRecordType.TXT, DnsStatus.ServerFailure)]
    [InlineData("b.test", DnsRecordType.A, DnsStatus.Ok)]
    [InlineData("b.test", DnsRecordType.MX, DnsStatus.Timeout)]
    [InlineData("c.test", DnsRecordType.A, DnsStatus.NoData)]
    [InlineData("loop.test", DnsRecordType.A, DnsStatus.ServerFailure)]
    [InlineData("nothing.test", DnsRecordType.A, DnsStatus.NameError)]
    [InlineData("dangling.test", DnsRecordType.A, DnsStatus.NameError)]
    public async Task A_zone_answers_as_the_contract_says(string name, DnsRecordType type, DnsStatus expected)
    {
        using var zone = JsonDocument.Parse(
            """
            {"a.test":[{"A":"192.0.2.1"},{"TXT":"SERVFAIL"},"TIMEOUT"],"b.test":[{"CNAME":"a.test."}],"c.test":[{"MX":[10,"m.test"]},{"AAAA":"2001:db8::1"},{"PTR":"p.test"}],
             "loop.test":[{"CNAME":"loop.test"}],"dangling.test":[{"CNAME":"x.test"}]}
            """);
        Assert.Equal(expected, (await JsonZone.Parse(zone.RootElement).LookupAsync(name, type, CancellationToken.None)).Status);
    }

    private static AuthBatch Batch(string suffixes) =>
        new(() => throw new InvalidOperationException("the network is not for tests"), new PublicSuffixFile(suffixes, TimeProvider.System, NullLogger.Instance), TimeProvider.System);

    private static async Task<List<JsonElement>> RunAsync(string lines, string suffixes = "/nonexistent")
    {
        using var output = new MemoryStream();
        await Batch(suffixes).RunAsync(new StringReader(lines), output, CancellationToken.None);
        return [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
    }

    /// <summary>Notes how much was written each time a line is asked for.</summary>
    private sealed class WatchedReader(MemoryStream output, List<long> seen, params string[] lines) : TextReader
    {
        private int _next;

        public override ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
        {
            seen.Add(output.Length);
            return ValueTask.FromResult(_next < lines.Length ? lines[_next++] : null);
        }
    }
}
