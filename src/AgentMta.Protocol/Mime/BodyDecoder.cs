using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Runs a transfer decoder to where the decoded octets are wanted: a buffer, a stream, a hash, a count, a string.</summary>
public static class BodyDecoder
{
    private const int Chunk = 24 * 1024;
    private const int SampleSize = 1024;

    public static void Decode(ReadOnlySpan<byte> body, TransferEncoding encoding, IBufferWriter<byte> output)
    {
        var reader = new TransferReader(body, encoding);
        int read;
        while ((read = reader.Read(output.GetSpan(Math.Clamp(reader.Remaining, TransferReader.MinimumRead, Chunk)))) > 0)
            output.Advance(read);
    }

    public static void Decode(ReadOnlySpan<byte> body, TransferEncoding encoding, Stream output)
    {
        if (Verbatim(encoding))
        {
            output.Write(body);
            return;
        }

        var reader = new TransferReader(body, encoding);
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        int read;
        while ((read = reader.Read(buffer)) > 0)
            output.Write(buffer, 0, read);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    public static void Hash(ReadOnlySpan<byte> body, TransferEncoding encoding, IncrementalHash hash)
    {
        if (Verbatim(encoding))
        {
            hash.AppendData(body);
            return;
        }

        var reader = new TransferReader(body, encoding);
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        int read;
        while ((read = reader.Read(buffer)) > 0)
            hash.AppendData(buffer, 0, read);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    public static long Size(ReadOnlySpan<byte> body, TransferEncoding encoding)
    {
        if (Verbatim(encoding))
            return body.Length;
        var reader = new TransferReader(body, encoding);
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        long size = 0;
        int read;
        while ((read = reader.Read(buffer)) > 0)
            size += read;
        ArrayPool<byte>.Shared.Return(buffer);
        return size;
    }

    public static string Text(ReadOnlySpan<byte> body, TransferEncoding encoding, string? charset, out MimeDefects defects) =>
        Text(body, encoding, charset, CharsetDecoder.Decode, out defects);

    /// <summary>Octets of a charset as text.</summary>
    internal delegate string DecodeText(ReadOnlySpan<byte> octets, string? charset, out MimeDefects defects);

    internal static string Text(ReadOnlySpan<byte> body, TransferEncoding encoding, string? charset, DecodeText decode, out MimeDefects defects)
    {
        if (Verbatim(encoding))
            return decode(body, charset, out defects);
        if (encoding == TransferEncoding.Base64 && IsNoBase64(body))
        {
            var asItStands = decode(body, charset, out defects);
            defects |= MimeDefects.BadBase64;
            return asItStands;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(body.Length, TransferReader.MinimumRead) + TransferReader.MinimumRead);
        var reader = new TransferReader(body, encoding);
        var length = 0;
        int read;
        // Only uuencode can grow, by lines whose cut-off end stands for zeros; text that outgrows its body by them ends there.
        while ((read = reader.Read(buffer.AsSpan(length))) > 0)
            length += read;
        var text = decode(buffer.AsSpan(0, length), charset, out defects);
        defects |= reader.Defects;
        ArrayPool<byte>.Shared.Return(buffer);
        return text;
    }

    // Words with spaces between them are text that was labelled wrongly.
    private static bool IsNoBase64(ReadOnlySpan<byte> body)
    {
        body = body[..Math.Min(body.Length, SampleSize)].Trim(" \t\r\n"u8);
        var foreign = 0;
        foreach (var octet in body)
            foreign += Base64Alphabet.Value(octet) < 0 && octet is not ((byte)'=' or (byte)'\r' or (byte)'\n') ? 1 : 0;
        return foreign * 20 > body.Length;
    }

    private static bool Verbatim(TransferEncoding encoding) =>
        encoding is TransferEncoding.Identity or TransferEncoding.Unknown or TransferEncoding.YEnc;
}
