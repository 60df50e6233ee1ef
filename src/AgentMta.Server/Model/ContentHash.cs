using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using AgentMta.Protocol.Mime;

namespace AgentMta.Server.Model;

/// <summary>Tells whether two messages with one Message-ID are the same (design.md, Identity): SHA-256 over header and body, what relays and lists add left out.</summary>
internal static class ContentHash
{
    // What is added under way: trace fields (RFC 5321 4.4), verdicts and signatures (RFC 8601, 6376, 8617), the habits of lists and mailboxes.
    private static readonly string[] Trace =
    [
        "Received", "Return-Path", "Received-SPF", "Delivered-To", "Envelope-To", "Authentication-Results", "DKIM-Signature", "DomainKey-Signature",
        "Sender", "Errors-To", "Precedence", "Status", "Lines",
    ];

    // Copied behind the header and hashed in one call; a state of OpenSSL costs more than the copy.
    private const int SmallBody = 64 * 1024;

    private static readonly string[] TracePrefixes = ["X-", "ARC-", "List-", "Resent-"];

    /// <summary>The hash of the message whose header was read as <paramref name="headers"/>.</summary>
    public static byte[] Compute(HeaderList headers, ReadOnlySpan<byte> raw)
    {
        // Relays add and drop empty lines at the end (RFC 6376 3.4.3 knows it too).
        var body = raw[Math.Min(headers.BodyOffset, raw.Length)..].TrimEnd("\r\n \t"u8);
        var isSmall = body.Length <= SmallBody;
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(256, headers.BodyOffset + headers.Count + (isSmall ? body.Length : 0)));
        try
        {
            var length = 0;
            for (var i = 0; i < headers.Count; i++)
            {
                var field = headers[i];
                if (!IsTrace(field.NameBytes))
                    length += Write(field, buffer.AsSpan(length));
            }

            if (!isSmall)
                return Hash(buffer.AsSpan(0, length), body);
            body.CopyTo(buffer.AsSpan(length));
            return SHA256.HashData(buffer.AsSpan(0, length + body.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Hash(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(head);
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }

    private static bool IsTrace(ReadOnlySpan<byte> name)
    {
        foreach (var prefix in TracePrefixes)
        {
            if (name.Length > prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix))
                return true;
        }

        foreach (var field in Trace)
        {
            if (Ascii.EqualsIgnoreCase(name, field))
                return true;
        }

        return false;
    }

    // Lower-case name, white space and folding as one space: never longer than the field itself.
    private static int Write(HeaderField field, Span<byte> target)
    {
        Ascii.ToLower(field.NameBytes, target, out var at);
        target[at++] = (byte)':';
        var value = field.RawValue.Span.Trim(" \t\r\n"u8);
        if (!value.ContainsAny("\t\r\n"u8) && value.IndexOf("  "u8) < 0)
        {
            value.CopyTo(target[at..]);
            at += value.Length;
            target[at++] = (byte)'\n';
            return at;
        }

        var space = false;
        foreach (var octet in value)
        {
            if (octet is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                space = true;
                continue;
            }

            if (space)
                target[at++] = (byte)' ';
            space = false;
            target[at++] = octet;
        }

        target[at++] = (byte)'\n';
        return at;
    }
}
