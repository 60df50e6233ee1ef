using System.Security.Cryptography;
using System.Text;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Dkim;
using BenchmarkDotNet.Attributes;

namespace AgentMta.Bench;

/// <summary>One DKIM verification of a 4 KB message against the bare RSA-2048 verification and SHA-256 that it cannot do without; keys are parsed in both.</summary>
[Config(typeof(BriefConfig))]
public class DkimVerifyBenchmark : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_795_000_000);

    private readonly DkimKeyCache _keys = new();
    private readonly RSA _rsa = RSA.Create(2048);
    private byte[] _message = [];
    private byte[] _body = [];
    private byte[] _header = [];
    private byte[] _signature = [];
    private OneKey _dns = new("");

    [Params(DkimCanonicalization.Relaxed, DkimCanonicalization.Simple)]
    public DkimCanonicalization Canonicalization { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        using var key = DkimKey.FromPem(_rsa.ExportPkcs8PrivateKeyPem());
        var head = new StringBuilder("Received: from mail.example.test (mail.example.test [192.0.2.1])\r\n\tby mx.example.net with ESMTPS id 4711; Sat, 21 Nov 2026 03:00:00 +0000\r\n");
        head.Append("From: Ann Example <ann@example.test>\r\nTo: Bob <bob@example.net>\r\nSubject: Minutes of the meeting on Friday\r\nDate: Sat, 21 Nov 2026 03:00:00 +0000\r\n");
        head.Append("Message-ID: <20261121030000.4711@example.test>\r\nIn-Reply-To: <1@example.net>\r\nReferences: <0@example.net> <1@example.net>\r\nMIME-Version: 1.0\r\n");
        head.Append("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\nX-Mailer: example 1.0\r\nUser-Agent: example/1.0\r\n");
        var body = new StringBuilder();
        while (head.Length + body.Length < 3100)
            body.Append("An ordinary line of text, as people write it, with  a double space in it now and then. \r\n> and a quoted line without any\r\n");
        byte[] unsigned = Encoding.ASCII.GetBytes($"{head}\r\n{body}");
        var options = new DkimSignOptions { HeaderCanonicalization = Canonicalization, BodyCanonicalization = Canonicalization };
        var fields = DkimSigner.Sign(unsigned, [new("example.test", "s", key)], Now, options);
        _message = [.. fields, .. unsigned];
        _body = Encoding.ASCII.GetBytes(body.ToString());
        _header = [.. Encoding.ASCII.GetBytes(head.ToString()), .. fields];
        _signature = _rsa.SignData(_header, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        _dns = new OneKey(key.PublicRecord);
        if (VerifyAsync().GetAwaiter().GetResult() != DkimStatus.Pass || !Bare())
            throw new InvalidOperationException("the message does not verify");
        Console.WriteLine($"// {_message.Length} octets");
    }

    [Benchmark(Baseline = true)]
    public bool Bare()
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(_body, hash);
        SHA256.HashData(_header, hash);
        return _rsa.VerifyHash(hash, _signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    [Benchmark]
    public async Task<DkimStatus> VerifyAsync() => (await DkimVerifier.VerifyAsync(_message, _dns, Now, _keys, CancellationToken.None))[0].Status;

    public void Dispose()
    {
        _rsa.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class OneKey(string record) : IDnsLookup
    {
        private readonly DnsAnswer _answer = new(DnsStatus.Ok, [new TxtRecord("s._domainkey.example.test", 300, record)], false, 300, "s._domainkey.example.test");

        public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken) => ValueTask.FromResult(_answer);
    }
}
