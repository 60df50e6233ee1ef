using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Peers;

/// <summary>Our signatures against python3-dkim's reading of the RFCs, and its signatures against ours.</summary>
public sealed class DkimPeerTests : IDisposable
{
    private const int Messages = 200;

    private static readonly string[] Canonicalizations = ["simple", "relaxed"];

    private readonly DkimKey _rsa = DkimKey.GenerateRsa(1024);
    private readonly DkimKey _ed25519 = DkimKey.GenerateEd25519();
    private readonly Zone _zone = new();

    public DkimPeerTests()
    {
        _zone["r._domainkey.example.test"] = _rsa.PublicRecord;
        _zone["e._domainkey.example.test"] = _ed25519.PublicRecord;
    }

    public void Dispose()
    {
        _rsa.Dispose();
        _ed25519.Dispose();
    }

    [RequiresProgramFact(DkimPy.Python, DkimPy.Module, DkimPy.Sodium)]
    public async Task Our_signatures_verify_with_dkimpy()
    {
        var answers = await DkimPy.AskAsync(Signed().Select(s => Verify(s.Message, 2)));
        Assert.Equal(Messages, answers.Count);
        Assert.All(answers, a => Assert.Equal("[true,true]", a.GetProperty("results").GetRawText().Replace(" ", "", StringComparison.Ordinal)));
    }

    [RequiresProgramFact(DkimPy.Python, DkimPy.Module, DkimPy.Sodium)]
    public async Task Signatures_of_dkimpy_verify_here()
    {
        var maker = new MessageMaker(2);
        var messages = Enumerable.Range(0, Messages).Select(_ => maker.Next()).ToList();
        var answers = await DkimPy.AskAsync(messages.Select((m, i) => new JsonObject
        {
            ["op"] = "sign",
            ["message"] = Convert.ToBase64String(m),
            ["selector"] = i % 2 == 0 ? "r" : "e",
            ["domain"] = "example.test",
            ["key"] = i % 2 == 0 ? _rsa.ToPkcs8Pem() : Seed(_ed25519),
            ["algorithm"] = i % 2 == 0 ? "rsa-sha256" : "ed25519-sha256",
            ["header"] = Canonicalizations[(i / 2) % 2],
            ["body"] = Canonicalizations[(i / 4) % 2],
            ["length"] = i % 8 == 7,
        }));
        for (var i = 0; i < messages.Count; i++)
        {
            byte[] message = [.. DkimPy.Fields(answers[i]), .. messages[i]];
            var result = Assert.Single(await DkimVerifier.VerifyAsync(message, _zone, DateTimeOffset.UtcNow, CancellationToken.None));
            Assert.True(result.Status == DkimStatus.Pass, $"{result}\n{Encoding.UTF8.GetString(message)}");
        }
    }

    [RequiresProgramFact(DkimPy.Python, DkimPy.Module, DkimPy.Sodium)]
    public async Task Damaged_messages_get_the_same_verdict_from_dkimpy()
    {
        var maker = new MessageMaker(4);
        var damaged = Signed().SelectMany(s => Enumerable.Range(0, 4).Select(_ => maker.Damage(s.Message))).ToList();
        var answers = await DkimPy.AskAsync(damaged.Select(d => Verify(d, 2)));
        var faults = new List<string>();
        var (passes, compared) = (0, 0);
        for (var i = 0; i < damaged.Count; i++)
        {
            var ours = await DkimVerifier.VerifyAsync(damaged[i], _zone, DateTimeOffset.UtcNow, CancellationToken.None);
            // python3-dkim refuses a whole message with one line that is no field; here such a line is passed over, as mail readers do.
            if (answers[i].TryGetProperty("malformed", out _))
                continue;
            compared++;
            var theirs = answers[i].GetProperty("results").EnumerateArray().Select(r => r.GetBoolean()).ToList();
            // A damaged name may hide one field, and python then counts the fields differently: compare how many pass.
            passes += ours.Count(r => r.Status == DkimStatus.Pass);
            if (ours.Count(r => r.Status == DkimStatus.Pass) != theirs.Count(r => r) && !LacksPadding(damaged[i]))
                faults.Add($"ours {string.Join(", ", ours.Select(r => $"{r.Status} {r.Reason}"))}; theirs {string.Join(", ", theirs)}\n{Encoding.UTF8.GetString(damaged[i])}");
        }

        Assert.InRange(passes, 1, damaged.Count);
        Assert.InRange(compared, damaged.Count / 2, damaged.Count);
        Assert.True(faults.Count == 0, $"{faults.Count} of {damaged.Count}\n{string.Join("\n=====\n", faults.Take(5))}");
    }

    [RequiresProgramFact(DkimPy.Python, DkimPy.Module, DkimPy.Sodium)]
    public async Task Chains_sealed_in_turns_verify_on_both_sides()
    {
        var maker = new MessageMaker(5);
        var messages = Enumerable.Range(0, 30).Select(_ => maker.Next()).ToList();
        var now = DateTimeOffset.UtcNow;
        for (var hop = 0; hop < 4; hop++)
        {
            if (hop % 2 == 0)
            {
                for (var i = 0; i < messages.Count; i++)
                {
                    var chain = await ArcVerifier.VerifyAsync(messages[i], _zone, now, CancellationToken.None);
                    Assert.True(chain.Status == (hop == 0 ? ArcStatus.None : ArcStatus.Pass), chain.Reason);
                    messages[i] = [.. ArcSealer.Seal(messages[i], "spf=pass smtp.mailfrom=example.test; dkim=pass header.d=example.test", "our.test", chain, new("example.test", "r", _rsa), now), .. messages[i]];
                }
            }
            else
            {
                // python takes the verdict on the chain from the results of its own name, which must say it once.
                messages = [.. messages.Select(m => (byte[])[.. Encoding.ASCII.GetBytes($"Authentication-Results: relay{hop}.test; arc=pass\r\n"), .. m])];
                var signed = await DkimPy.AskAsync(messages.Select(m => new JsonObject
                {
                    ["op"] = "arc_sign",
                    ["message"] = Convert.ToBase64String(m),
                    ["selector"] = "r",
                    ["domain"] = "example.test",
                    ["key"] = _rsa.ToPkcs8Pem(),
                    ["srv_id"] = $"relay{hop}.test",
                }));
                messages = [.. messages.Select((m, i) => (byte[])[.. DkimPy.Fields(signed[i]), .. m])];
            }

            var answers = await DkimPy.AskAsync(messages.Select(m => new JsonObject { ["op"] = "arc_verify", ["message"] = Convert.ToBase64String(m), ["zone"] = _zone.ToJson() }));
            for (var i = 0; i < messages.Count; i++)
            {
                Assert.True(answers[i].TryGetProperty("cv", out var cv) && cv.GetString() == "pass", $"hop {hop}: {answers[i]}\n{Encoding.UTF8.GetString(messages[i])}");
                var ours = await ArcVerifier.VerifyAsync(messages[i], _zone, now, CancellationToken.None);
                Assert.True(ours is { Status: ArcStatus.Pass } && ours.Instances == hop + 1, $"hop {hop}: {ours.Reason}\n{Encoding.UTF8.GetString(messages[i])}");
            }
        }
    }

    private IEnumerable<(byte[] Message, DkimSignOptions Options)> Signed()
    {
        var maker = new MessageMaker(1);
        for (var i = 0; i < Messages; i++)
        {
            var options = new DkimSignOptions
            {
                HeaderCanonicalization = i % 2 == 0 ? DkimCanonicalization.Relaxed : DkimCanonicalization.Simple,
                BodyCanonicalization = i / 2 % 2 == 0 ? DkimCanonicalization.Relaxed : DkimCanonicalization.Simple,
                BodyLimit = i % 7 == 6 ? i : null,
                Expiry = i % 5 == 0 ? TimeSpan.FromDays(1) : null,
                Identity = i % 3 == 0 ? "ann=x;y@mail.example.test" : null,
            };
            var message = maker.Next();
            var fields = DkimSigner.Sign(message, [new("example.test", "r", _rsa), new("example.test", "e", _ed25519)], DateTimeOffset.UtcNow, options);
            yield return ([.. fields, .. message], options);
        }
    }

    // RFC 6376 2.10 makes the padding of base64 optional; python3-dkim wants it.
    private static bool LacksPadding(byte[] message)
    {
        var signatures = Regex.Matches(Encoding.Latin1.GetString(message), @"[^h]b=([^;:]*?)\r\n(?:DKIM|From)");
        return signatures.Any(s => string.Concat(s.Groups[1].Value.Where(c => !char.IsWhiteSpace(c))).Length % 4 != 0);
    }

    private JsonObject Verify(byte[] message, int count) =>
        new() { ["op"] = "verify", ["message"] = Convert.ToBase64String(message), ["count"] = count, ["zone"] = _zone.ToJson() };

    // python3-dkim takes the bare seed, which is the end of the PKCS#8 structure.
    private static string Seed(DkimKey key) =>
        Convert.ToBase64String(Convert.FromBase64String(string.Concat(key.ToPkcs8Pem().Split('\n').Where(l => !l.StartsWith('-'))))[^32..]);

    private sealed class Zone : Dictionary<string, string>, IDnsLookup
    {
        public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken) =>
            ValueTask.FromResult(TryGetValue(name, out var text)
                ? new DnsAnswer(DnsStatus.Ok, [new TxtRecord(name, 60, text)], false, 60, name)
                : DnsAnswer.Empty(DnsStatus.NameError, name));

        public JsonObject ToJson() => new(this.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value)));
    }
}
