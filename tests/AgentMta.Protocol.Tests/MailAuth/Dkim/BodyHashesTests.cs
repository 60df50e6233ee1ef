using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using AgentMta.Protocol.MailAuth.Dkim;
using FsCheck;
using FsCheck.Fluent;

namespace AgentMta.Protocol.Tests.MailAuth.Dkim;

public sealed class BodyHashesTests
{
    private const DkimCanonicalization Simple = DkimCanonicalization.Simple;
    private const DkimCanonicalization Relaxed = DkimCanonicalization.Relaxed;

    [Theory]
    [InlineData(Simple, "", "\r\n")]
    [InlineData(Simple, "\r\n", "\r\n")]
    [InlineData(Simple, "\r\n\r\n", "\r\n")]
    [InlineData(Simple, " \r\n", " \r\n")]
    [InlineData(Simple, "a", "a\r\n")]
    [InlineData(Simple, "a\r\n\r\n\r\n", "a\r\n")]
    [InlineData(Simple, " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n")]
    [InlineData(Simple, "a\nb\n\n", "a\r\nb\r\n")]
    [InlineData(Simple, "a\rb\r", "a\rb\r\r\n")]
    [InlineData(Simple, "a\r\r\n", "a\r\r\n")]
    [InlineData(Relaxed, "", "")]
    [InlineData(Relaxed, "\r\n\r\n", "")]
    [InlineData(Relaxed, " \t\r\n \r\n", "")]
    [InlineData(Relaxed, "a", "a\r\n")]
    [InlineData(Relaxed, " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n")]
    [InlineData(Relaxed, "\t a\r\n", " a\r\n")]
    [InlineData(Relaxed, "a\t\r\nb", "a\r\nb\r\n")]
    [InlineData(Relaxed, "a \tb\t c  d", "a b c d\r\n")]
    [InlineData(Relaxed, "a  \nb\n \n", "a\r\nb\r\n")]
    [InlineData(Relaxed, "a\r \r\n", "a\r\r\n")]
    public void Bodies_are_canonical_as_the_rfc_says(DkimCanonicalization how, string body, string canonical)
    {
        var hash = Hash(body, how, null);
        Assert.Equal(canonical.Length, hash.Length);
        Assert.Equal(SHA256.HashData(Encoding.Latin1.GetBytes(canonical)), hash.Hash);
    }

    [Theory]
    [InlineData(Simple, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=")]
    [InlineData(Relaxed, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    public void The_hash_of_an_empty_body_is_the_one_of_rfc_6376(DkimCanonicalization how, string hash) =>
        Assert.Equal(hash, Convert.ToBase64String(Hash("", how, null).Hash));

    [Fact]
    public void One_pass_serves_every_limit_and_the_length_is_that_of_the_whole()
    {
        var body = Encoding.ASCII.GetBytes("one  two \r\nthree\r\n\r\n");
        var bodies = new BodyHashes(body);
        long?[] limits = [null, 0, 1, 5, 9, 16, 17, 400];
        foreach (var limit in limits)
            bodies.Request(Relaxed, limit);
        const string Canonical = "one two\r\nthree\r\n";
        foreach (var limit in limits)
        {
            var hash = bodies.Get(Relaxed, limit);
            Assert.Equal(SHA256.HashData(Encoding.ASCII.GetBytes(Canonical[..(int)Math.Min(limit ?? 400, Canonical.Length)])), hash.Hash);
            Assert.Equal(Canonical.Length, hash.Length);
        }
    }

    [Fact]
    public void Any_body_hashes_as_a_plain_reading_of_the_rfc_does()
    {
        var bodies = Gen.ArrayOf(Gen.Elements("\r\n", "\r\n", "\n", "\r", " ", "  ", "\t", "a", "bc", ".", "Grüße", "=20", "a line that is longer than the processor looks at in one step")).Select(string.Concat).ToArbitrary();
        Prop.ForAll(bodies, body =>
        {
            Assert.Equal(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(PlainSimple(body)))), Convert.ToHexString(Hash(body, Simple, null).Hash));
            Assert.Equal(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(PlainRelaxed(body)))), Convert.ToHexString(Hash(body, Relaxed, null).Hash));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData(" ")]
    [InlineData(" \t")]
    [InlineData("a  ")]
    [InlineData("\t\r\n")]
    [InlineData("a b\n")]
    [InlineData("\r")]
    public Task Any_body_takes_linear_time(string piece)
    {
        return Support.LinearTime.HoldsAsync(4 * 1024 * 1024, size =>
        {
            var bodies = new BodyHashes(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(piece, size / piece.Length))));
            bodies.Request(Simple, null);
            bodies.Request(Relaxed, null);
            bodies.Get(Simple, null);
            bodies.Get(Relaxed, null);
            return Task.CompletedTask;
        });
    }

    private static BodyHash Hash(string body, DkimCanonicalization how, long? limit)
    {
        var bodies = new BodyHashes(Encoding.UTF8.GetBytes(body));
        bodies.Request(how, limit);
        return bodies.Get(how, limit);
    }

    private static string PlainSimple(string body) => Regex.Replace(Lines(body), @"(\r\n)*\z", "") + "\r\n";

    private static string PlainRelaxed(string body)
    {
        var lines = Lines(body).Split("\r\n").Select(l => Regex.Replace(l, "[ \t]+", " ").TrimEnd(' ')).ToList();
        while (lines.Count > 0 && lines[^1].Length == 0)
            lines.RemoveAt(lines.Count - 1);
        return string.Concat(lines.Select(l => l + "\r\n"));
    }

    private static string Lines(string body) => Regex.Replace(body, "\r?\n", "\r\n");
}
