using System.Text;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Tests.Support;

namespace AgentMta.Protocol.Tests.MailAuth.Dkim;

public sealed class DkimSignerTests
{
    private const string Message = "From: Ann <ann@example.test>\r\nTo: bob@example.net\r\nSubject: Signed\r\n  twice\r\nDate: Sat, 21 Nov 2026 03:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\r\nHello  Bob,\r\n\r\nbye \r\n\r\n\r\n";

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_795_000_000);

    [Theory]
    [InlineData(DkimCanonicalization.Simple, DkimCanonicalization.Simple)]
    [InlineData(DkimCanonicalization.Simple, DkimCanonicalization.Relaxed)]
    [InlineData(DkimCanonicalization.Relaxed, DkimCanonicalization.Simple)]
    [InlineData(DkimCanonicalization.Relaxed, DkimCanonicalization.Relaxed)]
    public async Task What_is_signed_with_both_algorithms_verifies(DkimCanonicalization header, DkimCanonicalization body)
    {
        using var rsa = DkimKey.GenerateRsa(1024);
        using var ed25519 = DkimKey.GenerateEd25519();
        var message = Encoding.ASCII.GetBytes(Message);
        var options = new DkimSignOptions { HeaderCanonicalization = header, BodyCanonicalization = body, Expiry = TimeSpan.FromDays(7), Identity = "ann@example.test" };
        var fields = DkimSigner.Sign(message, [new("example.test", "r1", rsa), new("Example.test", "e1", ed25519)], Now, options);
        var zone = new NameTable().Text("r1._domainkey.example.test", rsa.PublicRecord).Text("e1._domainkey.example.test", ed25519.PublicRecord);

        var results = await DkimVerifier.VerifyAsync((byte[])[.. fields, .. message], zone, Now, CancellationToken.None);

        Assert.Equal([DkimStatus.Pass, DkimStatus.Pass], results.Select(r => r.Status));
        Assert.Equal(["rsa-sha256", "ed25519-sha256"], results.Select(r => r.Algorithm));
        Assert.All(results, r => Assert.Equal("ann@example.test", r.Identity));
        Assert.All(results, r => Assert.Equal("example.test", r.Domain));
        Assert.All(results, r => Assert.Equal(Now.AddDays(7), r.ExpiresAt));
    }

    [Fact]
    public void Signature_fields_are_folded_within_78_columns_and_end_with_crlf()
    {
        using var rsa = DkimKey.GenerateRsa(2048);
        var text = Encoding.ASCII.GetString(DkimSigner.Sign(Encoding.ASCII.GetBytes(Message), [new("example.test", "r1", rsa)], Now));

        Assert.StartsWith("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.test;", text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
        Assert.All(text.Split("\r\n"), line => Assert.InRange(line.Length, 0, 78));
        Assert.DoesNotContain("\n\n", text.Replace("\r", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Signed_names_are_those_present_and_the_frozen_ones_once_more()
    {
        var message = Encoding.ASCII.GetBytes("Received: x\r\nFrom: a@b.test\r\nContent-Disposition: inline\r\nList-Id: <l>\r\nList-Unsubscribe: <https://u.test>\r\ncontent-disposition: again\r\nX-Other: y\r\n\r\n");
        var names = DkimSigner.SignedNames(AgentMta.Protocol.MailAuth.MessageHeader.Read(message), DkimSignOptions.Default);
        Assert.Equal(2, names.Count(n => n == "From"));
        Assert.Equal(1, names.Count(n => n == "Subject"));
        Assert.Equal(2, names.Count(n => n == "List-Unsubscribe"));
        Assert.Equal(1, names.Count(n => n == "List-Unsubscribe-Post"));
        Assert.Equal(2, names.Count(n => n.Equals("content-disposition", StringComparison.OrdinalIgnoreCase)));
        Assert.Equal(1, names.Count(n => n == "List-Id"));
        Assert.DoesNotContain("Received", names);
        Assert.DoesNotContain("X-Other", names);
        Assert.DoesNotContain("Sender", names);
    }

    [Fact]
    public async Task A_header_list_of_ones_own_is_taken_and_from_is_never_left_out()
    {
        var options = new DkimSignOptions { OversignedHeaders = [], SignedHeaders = ["Date"] };
        var result = await SignedMessage.VerifyOneAsync(SignedMessage.Signed(options: options));
        Assert.Equal(DkimStatus.Pass, result.Status);
        Assert.Equal(["From", "From", "Date"], result.SignedHeaders);
    }

    [Theory]
    [InlineData("example", "r", null)]
    [InlineData("example.test", "", null)]
    [InlineData("example.test", "r\r\nX: y", null)]
    [InlineData("example.test", "r", "ann@example.net")]
    [InlineData("example.test", "r", "ann")]
    public void A_name_that_cannot_be_signed_for_is_an_argument_error(string domain, string selector, string? identity) =>
        Assert.Throws<ArgumentException>(() => DkimSigner.Sign(Encoding.ASCII.GetBytes(Message), [new(domain, selector, SignedMessage.Rsa)], Now, new DkimSignOptions { Identity = identity }));

    [Fact]
    public void A_message_without_from_is_not_signed() =>
        Assert.Throws<ArgumentException>(() => DkimSigner.Sign("To: x@y.test\r\n\r\n"u8.ToArray(), [new("example.test", "r", SignedMessage.Rsa)], Now));

    [Fact]
    public async Task A_u_label_domain_is_signed_for_in_a_labels()
    {
        var message = Encoding.ASCII.GetBytes(Message);
        var fields = DkimSigner.Sign(message, [new("b\u00fccher.example", "r", SignedMessage.Rsa)], Now);
        var zone = new NameTable().Text("r._domainkey.xn--bcher-kva.example", SignedMessage.Rsa.PublicRecord);
        var result = Assert.Single(await DkimVerifier.VerifyAsync((byte[])[.. fields, .. message], zone, Now, CancellationToken.None));
        Assert.Equal((DkimStatus.Pass, "xn--bcher-kva.example"), (result.Status, result.Domain));
    }
}
