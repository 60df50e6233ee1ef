using System.Buffers;
using System.Text;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class TransferReaderTests
{
    private static string Decode(string body, TransferEncoding encoding)
    {
        var output = new ArrayBufferWriter<byte>();
        BodyDecoder.Decode(Encoding.Latin1.GetBytes(body), encoding, output);
        return Encoding.Latin1.GetString(output.WrittenSpan);
    }

    [Theory]
    [InlineData("SGVsbG8=", "Hello")]
    [InlineData("SGVs\r\nbG8=\r\n", "Hello")]
    [InlineData("SGVsbG8", "Hello")]
    [InlineData("S\nG\nV\ns\nb\nG\n8\n=", "Hello")]
    [InlineData("SGVs  bG8=", "Hello")]
    [InlineData("SGVs!!bG8=", "Hello")]
    [InlineData("SGk=SGk=", "HiHi")]
    [InlineData("SGk=\r\nSGVsbG8=", "HiHello")]
    [InlineData("", "")]
    [InlineData("====", "")]
    [InlineData("S", "")]
    public void Base64_survives_what_happens_to_it(string body, string expected) => Assert.Equal(expected, Decode(body, TransferEncoding.Base64));

    [Theory]
    [InlineData("a=3Db", "a=b")]
    [InlineData("a=3db", "a=b")]
    [InlineData("a=\r\nb", "ab")]
    [InlineData("a=\nb", "ab")]
    [InlineData("a= \t\r\nb", "ab")]
    [InlineData("a  \r\nb\t\n", "a\r\nb\n")]
    [InlineData("a=20\r\n", "a \r\n")]
    [InlineData("a=", "a")]
    [InlineData("a=ZZ=4", "a=ZZ=4")]
    [InlineData("=E4\u00e4", "\u00e4\u00e4")]
    [InlineData("a=\rb", "ab")]
    [InlineData("   ", "")]
    public void Quoted_printable_survives_what_happens_to_it(string body, string expected) => Assert.Equal(expected, Decode(body, TransferEncoding.QuotedPrintable));

    [Theory]
    [InlineData("begin 644 cat.txt\n#0V%T\n`\nend\n", "Cat")]
    [InlineData("intro\r\nbegin 644 cat.txt\r\n#0V%T\r\n \r\nend\r\nmore", "Cat")]
    [InlineData("no begin", "")]
    [InlineData("begin 644 x\n#0V", "C`\0", true)]
    public void Uuencode_is_read_between_begin_and_end(string body, string expected, bool cut = false)
    {
        var decoded = Decode(body, TransferEncoding.UuEncode);
        if (cut)
            Assert.Equal(3, decoded.Length);
        else
            Assert.Equal(expected, decoded);
    }

    [Fact]
    public void YEnc_is_left_as_it_stands() => Assert.Equal("=ybegin line=128\r\nxx", Decode("=ybegin line=128\r\nxx", TransferEncoding.YEnc));

    [Theory]
    [InlineData("base64", TransferEncoding.Base64)]
    [InlineData(" BASE64 (really)", TransferEncoding.Base64)]
    [InlineData("Quoted-Printable;", TransferEncoding.QuotedPrintable)]
    [InlineData("7bit", TransferEncoding.Identity)]
    [InlineData("8-bit.", TransferEncoding.Identity)]
    [InlineData("x-uuencode", TransferEncoding.UuEncode)]
    [InlineData("x-yenc", TransferEncoding.YEnc)]
    [InlineData("rot13", TransferEncoding.Unknown)]
    public void Encodings_are_known_by_their_names(string value, TransferEncoding expected) =>
        Assert.Equal(expected, MimeMessage.Parse(Encoding.ASCII.GetBytes($"Content-Transfer-Encoding: {value}\r\n\r\n")).Root.TransferEncoding);

    [Theory]
    [InlineData(TransferEncoding.Base64)]
    [InlineData(TransferEncoding.QuotedPrintable)]
    public void Every_length_comes_back_through_every_way_of_reading(TransferEncoding encoding)
    {
        var random = new Random(7);
        foreach (var length in (int[])[0, 1, 2, 3, 56, 57, 58, 4095, 4096, 4097, 30_000, 100_001])
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            var encoded = new ArrayBufferWriter<byte>();
            BodyWriter.Write(bytes, encoding == TransferEncoding.Base64 ? "base64" : "quoted-printable", encoded);
            var output = new ArrayBufferWriter<byte>();
            BodyDecoder.Decode(encoded.WrittenSpan, encoding, output);
            Assert.Equal(bytes, output.WrittenSpan.ToArray());
            using var stream = new MemoryStream();
            BodyDecoder.Decode(encoded.WrittenSpan, encoding, stream);
            Assert.Equal(bytes, stream.ToArray());
            Assert.Equal(length, BodyDecoder.Size(encoded.WrittenSpan, encoding));
        }
    }
}
