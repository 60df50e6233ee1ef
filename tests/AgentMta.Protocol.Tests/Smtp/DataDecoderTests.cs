using System.Buffers;
using System.Text;
using AgentMta.Protocol.Smtp;
using AgentMta.Protocol.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AgentMta.Protocol.Tests.Smtp;

public sealed class DataDecoderTests
{
    [Theory]
    [InlineData("a\r\n.\r\n", "a\r\n")]
    [InlineData(".\r\n", "")]
    [InlineData("..\r\n.\r\n", ".\r\n")]
    [InlineData("..a\r\n.b\r\n...\r\n.\r\n", ".a\r\nb\r\n..\r\n")]
    [InlineData("a\0b\r\n.\r\n", "a\0b\r\n")]
    public void Dots_are_removed_and_the_end_found(string input, string expected)
    {
        var (decoder, output, consumed) = Decode(input + "MAIL", int.MaxValue, repair: false);
        Assert.True(decoder.Ended);
        Assert.Equal((expected, input.Length), (output, consumed));
        Assert.Equal(0, decoder.BareCr + decoder.BareLf);
    }

    [Theory]
    [InlineData("a\n.\n.\r\n", "a\n.\n.\r\n", 0, 2, 1)]
    [InlineData("a\r.\r\n.\r\n", "a\r.\r\n", 1, 0, 1)]
    [InlineData("a\r\n.\n.\r\n", "a\r\n\n.\r\n", 0, 1, 3)]
    [InlineData("\r\r\n.\r\r\n.\r\n", "\r\r\n\r\r\n", 2, 0, 0)]
    [InlineData("\r\n.\rx\r\n.\r\n", "\r\n\rx\r\n", 1, 0, 2)]
    public void Bare_octets_are_kept_counted_and_placed(string input, string expected, int cr, int lf, int first)
    {
        foreach (var split in new[] { 1, 2, 3, int.MaxValue })
        {
            var (decoder, output, _) = Decode(input, split, repair: false);
            Assert.Equal(expected, output);
            Assert.Equal((cr, lf, first), (decoder.BareCr, decoder.BareLf, decoder.FirstFault));
        }
    }

    [Theory]
    [InlineData("a\nb\rc\r\r\nd\r\n.\r\n", "a\r\nb\r\nc\r\nd\r\n")]
    [InlineData("a\n.\nb\r\n.\r\n", "a\r\n.\r\nb\r\n")]
    [InlineData("a\r\n.\r\r\nb\r\n.\r\n", "a\r\n\r\nb\r\n")]
    public void Repair_makes_every_line_end_crlf(string input, string expected)
    {
        foreach (var split in new[] { 1, 2, 3, int.MaxValue })
            Assert.Equal(expected, Decode(input, split, repair: true).Output);
    }

    [Fact]
    public void The_longest_line_is_measured()
    {
        Assert.Equal(999, Decode("a\r\n" + new string('x', 999) + "\r\nb\r\n.\r\n", 7, repair: false).Decoder.LongestLine);
        Assert.Equal(998, Decode("a\r\n." + new string('x', 998) + "\r\nb\r\n.\r\n", 7, repair: false).Decoder.LongestLine);
    }

    [Fact]
    public void What_the_encoder_writes_decodes_to_the_same_message()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(2000)), Prop.ForAll(Messages().ToArbitrary(), Gen.Choose(1, 9).ToArbitrary(), (message, split) =>
        {
            var (decoder, output, consumed) = Decode(Encode(message, split) + "QUIT\r\n", split, repair: false);
            var ended = message.Length == 0 || message.EndsWith("\r\n", StringComparison.Ordinal) ? message : message + "\r\n";
            return decoder is { Ended: true, BareCr: 0, BareLf: 0 } && output == ended && consumed == Encode(message, int.MaxValue).Length;
        }));
    }

    [Fact]
    public void What_the_encoder_writes_has_no_bare_octet_whatever_it_is_given()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(2000)), Prop.ForAll(Hostile().ToArbitrary(), Gen.Choose(1, 9).ToArbitrary(), (message, split) =>
        {
            var wire = Encode(message, split);
            return wire == Encode(message, int.MaxValue) && !wire.Replace("\r\n", "", StringComparison.Ordinal).AsSpan().ContainsAny('\r', '\n')
                && wire.IndexOf("\r\n.\r\n", StringComparison.Ordinal) is var end && (end == wire.Length - 5 || wire == ".\r\n");
        }));
    }

    [Fact]
    public void The_split_into_packets_never_matters()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(3000)), Prop.ForAll(Hostile().ToArbitrary(), Gen.Choose(1, 5).ToArbitrary(), (input, split) =>
        {
            foreach (var repair in new[] { false, true })
            {
                var whole = Decode(input, int.MaxValue, repair);
                var parts = Decode(input, split, repair);
                if (whole.Output != parts.Output || whole.Consumed != parts.Consumed || !Same(whole.Decoder, parts.Decoder))
                    return false;
            }

            return true;
        }));
    }

    [Fact]
    public void The_end_is_where_a_plain_search_finds_it()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(3000)), Prop.ForAll(Hostile().ToArbitrary(), input =>
        {
            var expected = input.StartsWith(".\r\n", StringComparison.Ordinal) ? 3 : input.IndexOf("\r\n.\r\n", StringComparison.Ordinal) is var at && at < 0 ? -1 : at + 5;
            var (decoder, _, consumed) = Decode(input, int.MaxValue, repair: false);
            return decoder.Ended == expected >= 0 && consumed == (expected < 0 ? input.Length : expected);
        }));
    }

    [Fact]
    public void Chunks_have_no_dots_and_no_end()
    {
        var decoder = new DataDecoder(chunked: true, repair: false);
        var input = "..a\r\n.\r\nb\r"u8;
        var output = new byte[decoder.MaxOutput(input.Length)];
        Assert.Equal(input.Length, decoder.Decode(input, output, out var written));
        Assert.Equal(input.ToArray(), output[..written]);
        Assert.Equal(0, decoder.BareCr);
        decoder.CompleteChunks();
        Assert.Equal((1, 9), (decoder.BareCr, decoder.FirstFault));
    }

    private static bool Same(DataDecoder a, DataDecoder b) =>
        (a.Ended, a.BareCr, a.BareLf, a.Nul, a.FirstFault, a.LongestLine) == (b.Ended, b.BareCr, b.BareLf, b.Nul, b.FirstFault, b.LongestLine);

    private static Gen<string> Hostile() => Pieces("\r", "\n", ".", "\0", "a", "\r\n", "\r\n.", "\r\n.\r\n", ".\r\n");

    private static Gen<string> Messages() => Pieces("\r\n", ".", "..", "a", "bc", "\r\n.\r\n", "\r\n..", "\0", "\u00ff");

    private static Gen<string> Pieces(params string[] pieces) => Gen.Elements(pieces).ListOf().Select(list => string.Concat(list));

    private static string Encode(string message, int split)
    {
        var output = new ArrayBufferWriter<byte>();
        var encoder = default(DataEncoder);
        var octets = Encoding.Latin1.GetBytes(message);
        for (var at = 0; at < octets.Length; at += Math.Min(split, octets.Length - at))
            encoder.Encode(octets.AsSpan(at, Math.Min(split, octets.Length - at)), output);
        encoder.Finish(output);
        return Encoding.Latin1.GetString(output.WrittenSpan);
    }

    private static (DataDecoder Decoder, string Output, int Consumed) Decode(string input, int split, bool repair)
    {
        var decoder = new DataDecoder(chunked: false, repair);
        var octets = Encoding.Latin1.GetBytes(input);
        var output = new MemoryStream();
        var consumed = 0;
        while (consumed < octets.Length && !decoder.Ended)
        {
            var piece = octets.AsSpan(consumed, Math.Min(split, octets.Length - consumed));
            var room = new byte[decoder.MaxOutput(piece.Length)];
            consumed += decoder.Decode(piece, room, out var written);
            output.Write(room, 0, written);
        }

        return (decoder, Encoding.Latin1.GetString(output.ToArray()), consumed);
    }
}
