using System.Security.Cryptography;
using System.Text;
using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dkim;

namespace AgentMta.Protocol.Tests.MailAuth.Dkim;

public sealed class HeaderCanonicalizerTests
{
    private const DkimCanonicalization Simple = DkimCanonicalization.Simple;
    private const DkimCanonicalization Relaxed = DkimCanonicalization.Relaxed;

    // RFC 6376 3.4.5 and the rules of 3.4.1, 3.4.2.
    [Theory]
    [InlineData(Relaxed, "A: X\r\n", "a:X\r\n")]
    [InlineData(Relaxed, "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n")]
    [InlineData(Relaxed, "SUBJect:\r\n\r\n", "subject:\r\n")]
    [InlineData(Relaxed, "a: \t\r\n\t b \r\n", "a:b\r\n")]
    [InlineData(Relaxed, "a:b\rc\r\n", "a:b\rc\r\n")]
    [InlineData(Relaxed, "a:b\n c\n", "a:b c\r\n")]
    [InlineData(Relaxed, "a:b", "a:b\r\n")]
    [InlineData(Relaxed, "a:Gr\u00fc\u00dfe  \u00e9", "a:Gr\u00fc\u00dfe \u00e9\r\n")]
    [InlineData(Simple, "B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n")]
    [InlineData(Simple, "a:b\n c\n", "a:b\r\n c\r\n")]
    [InlineData(Simple, "a:b", "a:b\r\n")]
    public void Fields_are_canonical_as_the_rfc_says(DkimCanonicalization how, string field, string canonical)
    {
        var header = MessageHeader.Read(Encoding.UTF8.GetBytes(field));
        var range = header.Fields[0];
        Assert.Equal(canonical, Written(digest => HeaderCanonicalizer.Append(digest, header.Message.Span[range.Start..range.End], range.NameLength, range.ValueStart - range.Start, how), canonical));
    }

    [Theory]
    [InlineData(Relaxed, "Sig: a=1; b = x\r\n y ; c=2\r\n", "sig:a=1; b =; c=2")]
    [InlineData(Relaxed, "Sig: a=1; b=xy\r\n", "sig:a=1; b=")]
    [InlineData(Relaxed, "Sig: b=; a=1 \r\n", "sig:b=; a=1")]
    [InlineData(Relaxed, "Sig:b=x", "sig:b=")]
    [InlineData(Simple, "Sig: a=1; b = x\r\n y ; c=2\r\n", "Sig: a=1; b =; c=2")]
    [InlineData(Simple, "Sig: b=x; a=1 \r\n", "Sig: b=; a=1 ")]
    [InlineData(Simple, "Sig: a=1;\n b=xy\n", "Sig: a=1;\r\n b=")]
    public void The_signature_loses_its_own_value_and_the_last_line_end(DkimCanonicalization how, string field, string canonical)
    {
        var header = MessageHeader.Read(Encoding.UTF8.GetBytes(field));
        var range = header.Fields[0];
        var (start, end) = TagList.Parse(header.Value(range), out _)!.WholeValue("b"u8);
        Assert.Equal(canonical, Written(digest => HeaderCanonicalizer.AppendSignature(digest, header.Message.Span[range.Start..range.End], range.NameLength,
            range.ValueStart - range.Start, how, start + range.ValueStart, end + range.ValueStart), canonical));
    }

    [Fact]
    public void Doubled_names_are_taken_from_the_bottom_and_missing_ones_add_nothing()
    {
        var header = MessageHeader.Read("DKIM-Signature: own\r\nX: 1\r\nDKIM-Signature: old\r\nx: 2\r\nX: 3\r\n\r\n"u8.ToArray());
        const string Canonical = "x:3\r\nx:2\r\ndkim-signature:old\r\nx:1\r\n";
        Assert.Equal(Canonical, Written(digest =>
            HeaderCanonicalizer.AppendSelected(digest, header, ["x", "X", "no", "dkim-signature", "x", "x", "DKIM-Signature"], Relaxed, own: 0), Canonical));
    }

    [Fact]
    public void A_very_long_list_of_names_takes_each_field_once()
    {
        var header = MessageHeader.Read(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 100).Select(i => $"X: {i}\r\nY: {i}\r\n")) + "\r\n"));
        var canonical = string.Concat(Enumerable.Range(0, 100).Reverse().Select(i => $"x:{i}\r\ny:{i}\r\n"));
        var names = Enumerable.Range(0, 150).SelectMany(i => new[] { i % 2 == 0 ? "x" : "X", "y", "z" }).ToList();
        Assert.Equal(canonical, Written(digest => HeaderCanonicalizer.AppendSelected(digest, header, names, Relaxed, own: -1), canonical));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("none")]
    public Task Many_names_over_many_fields_take_time_for_both_and_not_for_their_product(string name) => Support.LinearTime.HoldsAsync(8000, size =>
    {
        var header = MessageHeader.Read(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("X:\r\n", size)) + "\r\n"));
        var names = Enumerable.Repeat(name, 4 * size).ToList();
        using var digest = new CanonicalDigest();
        HeaderCanonicalizer.AppendSelected(digest, header, names, Relaxed, own: -1);
        return Task.CompletedTask;
    });

    [Fact]
    public void A_field_longer_than_every_buffer_is_written_whole()
    {
        var header = MessageHeader.Read(Encoding.ASCII.GetBytes("a: b\r\nX: " + new string('y', 200_000) + "\r\n\r\n"));
        var canonical = "a:b\r\nx:" + new string('y', 200_000) + "\r\na:b\r\n";
        Assert.Equal(canonical, Written(digest =>
        {
            HeaderCanonicalizer.AppendSelected(digest, header, ["a", "x"], Relaxed, own: -1);
            digest.Append("a:b\r\n"u8);
        }, canonical));
    }

    // What was written is known by its hash only: give back the expected text where it fits.
    private static string Written(Action<CanonicalDigest> write, string expected)
    {
        using var digest = new CanonicalDigest();
        write(digest);
        return digest.Current().AsSpan().SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes(expected))) ? expected : "something else";
    }
}
