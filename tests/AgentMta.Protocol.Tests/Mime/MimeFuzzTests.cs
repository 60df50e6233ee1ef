using System.Text;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Tests.Support;
using Xunit.Abstractions;

namespace AgentMta.Protocol.Tests.Mime;

/// <summary>Mutated messages: no exception, no hang, and no more memory than the promise of 8 times the input and 256 KiB.</summary>
public sealed class MimeFuzzTests(ITestOutputHelper output)
{
    private const int Budget = 1500;
    private const int Seed = 20261121;

    private static readonly string[] Tokens =
    [
        "\r\n", "\n", "\r", "\0", "--", "--b", "--b--", ":", ";", "=", "=?utf-8?q?", "?=", "<", ">", "(", ")", "\"", ",", "boundary=", "boundary=b",
        "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: message/rfc822\r\n", "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n", "Content-Type: text/plain; format=flowed; charset=utf-7\r\n", "charset=iso-2022-jp", "\u001b$B", "filename*0*=", "%", "\\",
        "begin 644 a\r\n", "=\r\n", "=E", "cid:", "Date: ", "From: ", "References: ", "[fwd:", "Re: ", "\t", " ", "\u202e", "&#xD800;", "\u00ff",
    ];

    private static readonly byte[][] BuiltIn =
    [
        Encoding.UTF8.GetBytes("From: =?utf-8?q?J=C3=BC?= <a@x.test>\r\nTo: g: b@x.test;\r\nSubject: Re: [x] =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\r\nDate: Sat, 21 Nov 2026 09:00:00 +0100\r\n"
            + "Message-ID: <1@x.test>\r\nReferences: <a@b> <c@d>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=\"c d\"\r\n\r\n--c d\r\n"
            + "Content-Type: text/plain; format=flowed\r\n\r\n> a \r\n> b\r\n--c d\r\nContent-Type: text/html\r\n\r\n<img src=cid:p@x>\r\n--c d--\r\n--b\r\nContent-Type: image/png; name*0*=utf-8''%E2; name*1=x\r\n"
            + "Content-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n--b--\r\n"),
        Encoding.UTF8.GetBytes("Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + string.Concat(Enumerable.Repeat("=C3=BC soft =\r\nline  \r\n", 50))),
        Encoding.UTF8.GetBytes("Content-Transfer-Encoding: x-uuencode\r\nContent-Disposition: attachment; filename=a\r\n\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n"),
    ];

    [Fact]
    public void Mutated_messages_never_throw_and_stay_within_their_memory()
    {
        var seeds = Seeds();
        var random = FuzzRounds.Random(Seed);
        Read(seeds[0], out _);
        var worst = (Ratio: 0.0, Message: "");
        for (var i = 0; i < FuzzRounds.Of(Budget); i++)
        {
            var message = Mutate(seeds[random.Next(seeds.Count)], seeds, random);
            try
            {
                Read(message, out var allocated);
                var ratio = allocated / (8.0 * message.Length + 256 * 1024);
                if (ratio > worst.Ratio)
                    worst = (ratio, $"mutation {i}: {allocated} bytes for {message.Length}");
            }
            catch (Exception e)
            {
                Assert.Fail($"mutation {i} ({Convert.ToBase64String(message)}): {e}");
            }
        }

        output.WriteLine($"{FuzzRounds.Of(Budget)} mutations of {seeds.Count} messages; nearest to the bound, {worst.Ratio:P0} of it: {worst.Message}");
        Assert.True(worst.Ratio <= 1, worst.Message);
    }

    [Fact]
    public void Hostile_shapes_take_linear_time_and_memory()
    {
        var faults = new List<string>();
        foreach (var shape in ((int[])[500, 2_000, 20_000]).SelectMany(Shapes))
        {
            var message = Encoding.Latin1.GetBytes(shape);
            Read(message, out _);
            Read(message, out var allocated);
            if (allocated > 8L * message.Length + 256 * 1024)
                faults.Add($"{allocated} bytes for {message.Length} of {shape[..Math.Min(60, shape.Length)]}");
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static IEnumerable<string> Shapes(int many)
    {
        yield return Repeat("a:\n", many);
        yield return Repeat(" \n", many);
        yield return "Subject: " + Repeat("=?utf-8?q?a?= ", many);
        yield return "From: " + Repeat("(", many);
        yield return "To: " + Repeat("a@b,", many);
        yield return "To: " + Repeat("@ ", many);
        yield return "To: a@" + Repeat(":", many);
        yield return "To: " + Repeat("\"a\"@", many);
        yield return "References: " + Repeat("<a@b>", many);
        yield return "Content-Type: multipart/mixed; boundary=b\n\n" + Repeat("--b\n", many);
        yield return "Content-Type: multipart/mixed; boundary=b\n\n" + Repeat("--b\n\n\n", many);
        yield return "Content-Type: multipart/mixed; boundary=b\n\n" + Repeat("--b\n\nx\n", many);
        yield return "Content-Type: multipart/mixed; boundary=b\n\n" + Repeat("--b\nContent-Type:a/b\n\nx\n", many);
        yield return "Content-Type: multipart/mixed; boundary=b\n\n" + Repeat("--b\nContent-Type:message/rfc822\n\nSubject:x\n", many);
        yield return Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 2000);
        yield return Repeat("Content-Type: multipart/mixed; boundary=" + new string('b', 900) + "\n\n--" + new string('b', 900) + "\n", 60) + Repeat("--" + new string('b', 899) + "\n", 500);
        yield return "Content-Type: multipart/mixed; boundary=b\n\n" + Repeat("--\n", many);
        yield return Repeat("Content-Type: multipart/mixed; boundary=none\n\n--guess\n", 3000);
        yield return "Content-Type: multipart/mixed; boundary=b\n\n" + Repeat("--b\nContent-Type: multipart/mixed\n\n\n\n\n\n\n\n\n\n", many);
        yield return "Content-Type: text/plain" + Repeat("; a=b", many) + "\n\n";
        yield return "Content-Disposition: attachment" + Repeat("; filename*1*=%41", many) + "\n\n";
        yield return "Content-Transfer-Encoding: base64\n\n" + Repeat("=", many);
        yield return "Content-Transfer-Encoding: base64\n\n" + Repeat("A\n", many);
        yield return "Content-Transfer-Encoding: quoted-printable\n\n" + Repeat(" ", many);
        yield return "Content-Transfer-Encoding: quoted-printable\n\n" + Repeat("=\n", many);
        yield return "Content-Type: text/plain; format=flowed\n\n" + Repeat("> \n", many);
        yield return "Content-Type: text/plain; charset=utf-7\n\n" + Repeat("+", many);
        yield return "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n" + Repeat("M\n", many);
        yield return "Subject: a\n" + Repeat("no field\n", many);
        yield return "Date: " + Repeat("1", many);
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static void Read(byte[] raw, out long allocated)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = MimeMessage.Parse(raw);
        var parts = 0;
        foreach (var part in message.Parts())
        {
            parts++;
            if (part.BodyOffset < 0 || part.BodyLength < 0 || part.BodyOffset + part.BodyLength > raw.Length)
                throw new InvalidOperationException("a part outside of the message");
            _ = part.DecodedSize();
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (parts > 1001)
            throw new InvalidOperationException("too many parts");
        before = GC.GetAllocatedBytesForCurrentThread();
        var content = MessageContent.Read(message);
        // A page is bounded by the HTML reader's own limits.
        if (content.Html is null)
            allocated = Math.Max(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        foreach (var text in (string?[])[content.Subject, content.Text, content.Html, content.Preview, content.MessageId, .. content.From.Select(a => a.ToDisplay()), .. content.Attachments.Select(a => a.UniqueName)])
            AssertWellFormed(text);
        foreach (var attachment in content.Attachments)
            _ = attachment.Sha256(raw);
        _ = Subjects.Base(content.Subject);
        foreach (var address in content.From.Concat(content.To))
            _ = MailAddress.Parse(address.ToString());
    }

    private static void AssertWellFormed(string? text)
    {
        if (text is not null && text.EnumerateRunes().Any(r => r == Rune.ReplacementChar) && string.Concat(text.EnumerateRunes().Select(r => r.ToString())) != text)
            throw new InvalidOperationException("a lone surrogate");
    }

    private static List<byte[]> Seeds()
    {
        var seeds = new List<byte[]>(BuiltIn);
        var folder = Corpus.Folder("mime");
        if (Directory.Exists(folder))
            seeds.AddRange(Directory.EnumerateFiles(folder, "*.eml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).Where(b => b.Length < 20_000));
        return seeds;
    }

    private static byte[] Mutate(byte[] seed, List<byte[]> seeds, Random random)
    {
        var bytes = new List<byte>(seed);
        for (var n = random.Next(1, 8); n > 0; n--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(64)));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, random.Next(400))));
                    break;
                case 4:
                    var other = seeds[random.Next(seeds.Count)];
                    var from = random.Next(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 800)).ToArray());
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
