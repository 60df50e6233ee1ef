using System.Security.Cryptography;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Tests.Support;
using static AgentMta.Protocol.Tests.MailAuth.Dkim.SignedMessage;

namespace AgentMta.Protocol.Tests.MailAuth.Dkim;

public sealed class DkimPublicKeyTests
{
    [Theory]
    [InlineData("p=KEY")]
    [InlineData("v=DKIM1; p=KEY")]
    [InlineData("v=DKIM1; k=rsa; p=KEY;")]
    [InlineData("k=rsa; v=DKIM1; p=KEY")]
    [InlineData("v=DKIM1; g=; p=KEY")]
    [InlineData("v=DKIM1; g=nobody; p=KEY")]
    [InlineData("v=DKIM1; h=sha1:sha256; s=email; t=; n=any text; p=KEY")]
    [InlineData("v=DKIM1; s=tlsrpt:*; p=KEY")]
    [InlineData("v=DKIM1; t=s; p=KEY")]
    public async Task A_record_for_this_use_serves(string record) => Assert.Equal(DkimStatus.Pass, (await WithAsync(record)).Status);

    [Theory]
    [InlineData("v=DKIM1; p=", "revoked")]
    [InlineData("v=DKIM1; k=rsa", "no p=")]
    [InlineData("v=DKIM2; p=KEY", "v= of the key record")]
    [InlineData("v=DKIM1; k=ed25519; p=KEY", "32 octets")]
    [InlineData("v=DKIM1; k=x448; p=KEY", "neither")]
    [InlineData("v=DKIM1; h=sha1; p=KEY", "does not allow sha256")]
    [InlineData("v=DKIM1; s=tlsrpt; p=KEY", "does not allow email")]
    [InlineData("v=DKIM1; p=*KEY", "not base64")]
    [InlineData("v=DKIM1; p=QUJD", "no RSA key")]
    [InlineData("v=DKIM1; p=KEY; p=KEY", "twice")]
    [InlineData("v=spf1 -all", "v= of the key record")]
    [InlineData("", "no tag")]
    [InlineData("hello", "without")]
    public async Task A_record_that_cannot_serve_is_a_permanent_error_and_says_why(string record, string reason)
    {
        var result = await WithAsync(record);
        Assert.Equal(DkimStatus.PermError, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strict_keys_forbid_an_identity_in_a_subdomain()
    {
        var record = Rsa.PublicRecord + "; t=y:s";
        Assert.Equal(DkimStatus.Pass, (await VerifyOneAsync(Signed(options: new DkimSignOptions { Identity = "ann@example.test" }), new NameTable().Text(KeyName, record))).Status);
        var result = await VerifyOneAsync(Signed(options: new DkimSignOptions { Identity = "ann@mail.example.test" }), new NameTable().Text(KeyName, record));
        Assert.Equal(DkimStatus.PermError, result.Status);
        Assert.Contains("t=s", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_encodings_of_an_rsa_key_are_read()
    {
        using var rsa = RSA.Create(1024);
        foreach (var encoding in new[] { rsa.ExportSubjectPublicKeyInfo(), rsa.ExportRSAPublicKey() })
        {
            var key = DkimPublicKey.Parse("p=" + Convert.ToBase64String(encoding));
            Assert.Equal((null, 1024, "rsa"), (key.Fault, key.Bits, key.Type));
        }
    }

    [Fact]
    public async Task Keys_under_1024_bits_are_refused_and_the_bound_is_exact()
    {
        Assert.Equal(1024, DkimPublicKey.Parse(Rsa.PublicRecord).Bits);
        using var rsa = RSA.Create(1016);
        var result = await WithAsync("p=" + Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()));
        Assert.Equal((DkimStatus.PermError, 1016), (result.Status, result.KeyBits));
        Assert.Contains("1016 bits", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_and_exponents_that_only_cost_time_are_refused()
    {
        using var rsa = RSA.Create(1024);
        var parameters = rsa.ExportParameters(false);
        parameters.Exponent = [1, 0, 0, 0, 0, 0, 0, 0, 1];
        using var dear = RSA.Create(parameters);
        Assert.Contains("exponent", DkimPublicKey.Parse("p=" + Convert.ToBase64String(dear.ExportSubjectPublicKeyInfo())).Fault, StringComparison.Ordinal);
        Assert.Contains("longer", DkimPublicKey.Parse("p=" + new string('A', 9000)).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cache_keeps_what_was_used_last_within_its_bound()
    {
        var cache = new DkimKeyCache(2);
        var (a, b) = (cache.Get("p=a"), cache.Get("p=b"));
        Assert.Same(a, cache.Get("p=a"));
        cache.Get("p=c");
        Assert.Equal(2, cache.Count);
        Assert.Same(a, cache.Get("p=a"));
        Assert.NotSame(b, cache.Get("p=b"));
    }

    private static Task<DkimResult> WithAsync(string record) =>
        VerifyOneAsync(Signed(), new NameTable().Text(KeyName, record.Replace("KEY", PublicData, StringComparison.Ordinal)));
}
