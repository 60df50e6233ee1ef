using System.Text;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using static AgentMta.Protocol.Tests.MailAuth.Dkim.SignedMessage;

namespace AgentMta.Protocol.Tests.MailAuth.Dkim;

/// <summary>Hostile input: nothing throws out, nothing passes that was not signed, nothing takes more than linear time.</summary>
public sealed class DkimFuzzTests
{
    private static readonly string[] Pieces =
    [
        "DKIM-Signature:", "ARC-Seal:", "ARC-Message-Signature:", "ARC-Authentication-Results:", "From:", "\r\n", "\n", "\r", " ", "\t", ";", "=", ":", ",",
        "v=1", "a=rsa-sha256", "b=AAAA", "bh=", "h=from", "d=example.test", "s=r", "i=1", "i=51", "cv=none", "cv=pass", "l=99999999999999999999", "t=1", "x=", "q=dns/txt", "c=relaxed",
        "\0", "\u00ff", "ü", "@", "=3D", "example.test", new string('a', 300),
    ];

    [Fact]
    public void No_message_throws_out_of_the_verifiers()
    {
        var messages = Gen.ArrayOf(Gen.Elements(Pieces)).Select(string.Concat).ToArbitrary();
        Prop.ForAll(messages, message =>
        {
            var bytes = Encoding.Latin1.GetBytes(message);
            var dkim = DkimVerifier.VerifyAsync(bytes, Zone, Now, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            var arc = ArcVerifier.VerifyAsync(bytes, Zone, Now, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            return dkim.All(r => r.Status != DkimStatus.Pass) && arc.Status != ArcStatus.Pass;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(2000)).WithEndSize(60));
    }

    [Fact]
    public void No_record_throws_out_of_the_key_parser()
    {
        string[] pieces = ["v=DKIM1", "k=rsa", "k=ed25519", "p=", PublicData, PublicData[..60], "MFww", ";", " ", "=", "h=sha256", "s=*", "t=s:y", "\0", "ü", "A", "*"];
        Prop.ForAll(Gen.ArrayOf(Gen.Elements(pieces)).Select(string.Concat).ToArbitrary(), record =>
        {
            var key = DkimPublicKey.Parse(record);
            return (key.Fault is null) == key.Bits is not null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(1000)).WithEndSize(40));
    }

    [Fact]
    public void A_list_gives_back_the_tags_that_were_written()
    {
        var spaces = Gen.Elements("", " ", "\r\n ", "\t");
        var values = Gen.Elements("", "x", "a=b", "1 2", "x:y", "ü");
        var tag = from before in spaces from value in values from after in spaces select (before, value, after);
        var tags = Gen.ArrayOf(tag).Where(t => t.Length is > 0 and < 90);
        Prop.ForAll(tags.ToArbitrary(), written =>
        {
            var text = string.Join(';', written.Select((t, i) => $"{t.Item1}t{i}{t.Item3}={t.Item1}{t.Item2}{t.Item3}"));
            var list = AgentMta.Protocol.MailAuth.TagList.Parse(Encoding.UTF8.GetBytes(text), out var error);
            Assert.Null(error);
            for (var i = 0; i < written.Length; i++)
            {
                Assert.True(list!.TryGet(Encoding.ASCII.GetBytes($"t{i}"), out var value));
                Assert.Equal(written[i].Item2, Encoding.UTF8.GetString(value));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(500)));
    }

    [Fact]
    public async Task No_mutation_of_a_signed_message_passes_but_those_that_canonicalisation_forgives()
    {
        var random = FuzzRounds.Random(7);
        var message = Encoding.UTF8.GetBytes(Signed(options: new DkimSignOptions { HeaderCanonicalization = DkimCanonicalization.Simple, BodyCanonicalization = DkimCanonicalization.Simple }));
        var headerEnd = Encoding.UTF8.GetString(message).IndexOf("From: ", StringComparison.Ordinal);
        for (var i = 0; i < FuzzRounds.Of(800); i++)
        {
            var mutant = (byte[])message.Clone();
            // A printable octet of the signed fields or the body becomes another: simple forgives none of that.
            var at = random.Next(headerEnd, mutant.Length);
            if (mutant[at] is < 33 or > 126)
                continue;
            mutant[at] = (byte)(mutant[at] ^ (1 + random.Next(31)));
            var results = await DkimVerifier.VerifyAsync(mutant, Zone, Now, CancellationToken.None);
            Assert.All(results, r => Assert.NotEqual(DkimStatus.Pass, r.Status));
        }
    }

    [Fact]
    public async Task Random_octets_anywhere_never_throw()
    {
        var random = FuzzRounds.Random(8);
        using var key = DkimKey.FromPem(Rsa.ToPkcs8Pem());
        var plain = Encoding.UTF8.GetBytes(Signed());
        byte[] message = [.. ArcSealer.Seal(plain, "spf=pass", "mx.test", ArcResult.None, new("example.test", "r", key), Now), .. plain];
        for (var i = 0; i < FuzzRounds.Of(1500); i++)
        {
            var mutant = (byte[])message.Clone();
            for (var n = random.Next(1, 6); n > 0; n--)
                mutant[random.Next(mutant.Length)] = (byte)random.Next(256);
            var cut = mutant.AsMemory(0, random.Next(4) == 0 ? random.Next(mutant.Length) : mutant.Length);
            await DkimVerifier.VerifyAsync(cut, Zone, Now, CancellationToken.None);
            await ArcVerifier.VerifyAsync(cut, Zone, Now, CancellationToken.None);
        }
    }

    [Theory]
    [InlineData("DKIM-Signature: ", "a=b;")]
    [InlineData("DKIM-Signature: ", ";")]
    [InlineData("DKIM-Signature: h=", "from:")]
    [InlineData("DKIM-Signature: b=", "A ")]
    [InlineData("DKIM-Signature: i=", "=40")]
    [InlineData("X: ", "\r\n ")]
    [InlineData("", "DKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=r; b=AA==; bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; h=from\r\n")]
    [InlineData("", "ARC-Seal: i=1; a=rsa-sha256; d=example.test; s=r; b=AA==; cv=none\r\n")]
    [InlineData("", "From: x\r\n")]
    [InlineData("", "x")]
    [InlineData("", ":\n")]
    public async Task Any_repeated_piece_takes_linear_time(string start, string piece)
    {
        var signed = Signed();
        await Support.LinearTime.HoldsAsync(2 * 1024 * 1024, async size =>
        {
            var message = Encoding.ASCII.GetBytes(signed[..signed.IndexOf("From: ", StringComparison.Ordinal)] + start + string.Concat(Enumerable.Repeat(piece, size / piece.Length)) + "\r\n" + Header + "\r\nbody");
            await DkimVerifier.VerifyAsync(message, Zone, Now, CancellationToken.None);
            await ArcVerifier.VerifyAsync(message, Zone, Now, CancellationToken.None);
        });
    }
}
