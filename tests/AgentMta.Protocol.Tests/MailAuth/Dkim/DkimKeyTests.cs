using System.Security.Cryptography;
using System.Text;
using AgentMta.Protocol.MailAuth.Dkim;

namespace AgentMta.Protocol.Tests.MailAuth.Dkim;

public sealed class DkimKeyTests
{
    // The key pair of RFC 8032 7.1 test 1, which RFC 8463 A.2 uses too.
    private const string Seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    private const string Public = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    [Fact]
    public void Ed25519_gives_the_public_key_and_the_signature_of_rfc_8032()
    {
        Assert.Equal(Public, Convert.ToBase64String(Ed25519.PublicKey(Convert.FromBase64String(Seed))));
        var signature = Ed25519.Sign(Convert.FromBase64String(Seed), []);
        Assert.Equal("E5564300C360AC729086E2CC806E828A84877F1EB8E5D974D873E065224901555FB8821590A33BACC61E39701CF9B46BD25BF5F0595BBE24655141438E7A100B", Convert.ToHexString(signature));
        Assert.True(Ed25519.Verify(Convert.FromBase64String(Public), [], signature));
        signature[0] ^= 1;
        Assert.False(Ed25519.Verify(Convert.FromBase64String(Public), [], signature));
        Assert.False(Ed25519.Verify(Convert.FromBase64String(Public), [], signature.AsSpan(1)));
        Assert.False(Ed25519.Verify(new byte[31], [], signature));
    }

    [Fact]
    public void Rsa_keys_are_read_from_both_pem_forms_and_give_the_same_record()
    {
        using var rsa = RSA.Create(1024);
        using var pkcs1 = DkimKey.FromPem(rsa.ExportRSAPrivateKeyPem());
        using var pkcs8 = DkimKey.FromPem("text before\n" + rsa.ExportPkcs8PrivateKeyPem());
        Assert.Equal("v=DKIM1; k=rsa; p=" + Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()), pkcs1.PublicRecord);
        Assert.Equal(pkcs1.PublicRecord, pkcs8.PublicRecord);
        Assert.Equal(("rsa-sha256", 1024), (pkcs8.Algorithm, pkcs8.Bits));
        using var again = DkimKey.FromPem(pkcs1.ToPkcs8Pem());
        Assert.Equal(pkcs1.PublicRecord, again.PublicRecord);
    }

    [Fact]
    public void An_ed25519_key_of_openssl_is_read_and_written_the_same()
    {
        // openssl genpkey -algorithm ed25519, with the seed above.
        var pem = PemEncoding.WriteString("PRIVATE KEY", [.. Convert.FromHexString("302E020100300506032B657004220420"), .. Convert.FromBase64String(Seed)]);
        using var key = DkimKey.FromPem(pem);
        Assert.Equal("v=DKIM1; k=ed25519; p=" + Public, key.PublicRecord);
        Assert.Equal(pem, key.ToPkcs8Pem());
        Assert.Equal(("ed25519-sha256", 256), (key.Algorithm, key.Bits));
    }

    [Theory]
    [InlineData("", "no PEM block")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "is no private key")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "holds no RSA or Ed25519")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", "holds no RSA or Ed25519")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "encrypted")]
    public void What_is_no_key_says_why(string pem, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => DkimKey.FromPem(pem)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_key_of_another_algorithm_or_too_few_bits_says_why()
    {
        using var elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Throws<FormatException>(() => DkimKey.FromPem(elliptic.ExportPkcs8PrivateKeyPem()));
        using var rsa = RSA.Create(512);
        Assert.Contains("512", Assert.Throws<FormatException>(() => DkimKey.FromPem(rsa.ExportPkcs8PrivateKeyPem())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_key_signs_for_many_threads()
    {
        using var key = DkimKey.GenerateRsa(1024);
        var publicKey = DkimPublicKey.Parse(key.PublicRecord);
        var digest = SHA256.HashData("x"u8);
        var verified = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => publicKey.Verify(digest, key.Sign(digest)))));
        Assert.All(verified, Assert.True);
    }
}
