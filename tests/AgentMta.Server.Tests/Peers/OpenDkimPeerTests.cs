using System.Text;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Peers;

/// <summary>Our signatures against OpenDKIM's reading of the RFCs, and its signatures against ours.</summary>
public sealed class OpenDkimPeerTests : IDisposable
{
    private const int Messages = 200;

    private readonly DkimKey _key = DkimKey.GenerateRsa(1024);
    private readonly OpenDkim _peer = new();
    private readonly KeyZone _zone;

    public OpenDkimPeerTests() => _zone = new KeyZone(_key.PublicRecord);

    public void Dispose()
    {
        _key.Dispose();
        _peer.Dispose();
    }

    [RequiresProgramFact(OpenDkim.Program)]
    public async Task Our_signatures_verify_with_opendkim()
    {
        var maker = new MessageMaker(11, lastLineEnd: true);
        var signed = new List<byte[]>();
        for (var i = 0; i < Messages; i++)
        {
            var options = new DkimSignOptions
            {
                // In its test mode opendkim does not keep the white space behind the colon: the header is always relaxed.
                BodyCanonicalization = i % 2 == 0 ? DkimCanonicalization.Relaxed : DkimCanonicalization.Simple,
                BodyLimit = i % 7 == 6 ? i : null,
                Identity = i % 3 == 0 ? "ann=x;y@mail.example.test" : null,
            };
            var message = maker.Next();
            signed.Add([.. DkimSigner.Sign(message, [new("example.test", "r", _key)], DateTimeOffset.UtcNow, options), .. message]);
        }

        var keys = _peer.Write("keys", $"r._domainkey.example.test {_key.PublicRecord}\n");
        var verdicts = await _peer.RunAsync($"Mode v\nTestDNSData file:{keys}", signed);
        var faults = verdicts.Select((v, i) => (Verdict: v, Message: signed[i])).Where(f => !f.Verdict.Contains("dkim=pass", StringComparison.Ordinal))
            .Select(f => f.Verdict + "\n" + Encoding.UTF8.GetString(f.Message)).ToList();
        Assert.True(faults.Count == 0, $"{faults.Count}\n{string.Join("\n=====\n", faults.Take(3))}");
    }

    [RequiresProgramFact(OpenDkim.Program)]
    public async Task Signatures_of_opendkim_verify_here()
    {
        // opendkim signs nothing without a line end at the end.
        var maker = new MessageMaker(12, lastLineEnd: true);
        var messages = Enumerable.Range(0, Messages).Select(_ => maker.Next()).ToList();
        var key = _peer.Write("key.pem", _key.ToPkcs8Pem());
        foreach (var canonicalization in new[] { "relaxed/relaxed", "relaxed/simple" })
        {
            var signatures = await _peer.RunAsync(
                $"Mode s\nDomain example.test\nSelector r\nKeyFile {key}\nSignatureAlgorithm rsa-sha256\nOversignHeaders From,Subject\nCanonicalization {canonicalization}", messages);
            for (var i = 0; i < messages.Count; i++)
            {
                byte[] message = [.. Encoding.ASCII.GetBytes("DKIM-Signature: " + signatures[i].ReplaceLineEndings("\r\n") + "\r\n"), .. messages[i]];
                var result = Assert.Single(await DkimVerifier.VerifyAsync(message, _zone, DateTimeOffset.UtcNow, CancellationToken.None));
                Assert.True(result.Status == DkimStatus.Pass, $"{result}\n{Encoding.UTF8.GetString(message)}");
            }
        }
    }

    [RequiresProgramFact(OpenDkim.TestMessage)]
    public async Task The_rsa_sha1_of_opendkim_testmsg_is_refused_by_policy()
    {
        var key = _peer.Write("key.pem", _key.ToPkcs8Pem());
        var (output, log) = await OpenDkim.RunAsync(OpenDkim.TestMessage, ["-C", "-d", "example.test", "-s", "r", "-k", key], new MessageMaker(13, lastLineEnd: true).Next());
        var result = Assert.Single(await DkimVerifier.VerifyAsync(Encoding.UTF8.GetBytes(output), _zone, DateTimeOffset.UtcNow, CancellationToken.None));
        Assert.True(result is { Status: DkimStatus.Policy, Algorithm: "rsa-sha1" }, $"{result}\n{log}");
    }

    private sealed class KeyZone(string record) : IDnsLookup
    {
        public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken) =>
            ValueTask.FromResult(new DnsAnswer(DnsStatus.Ok, [new TxtRecord(name, 60, record)], false, 60, name));
    }
}
