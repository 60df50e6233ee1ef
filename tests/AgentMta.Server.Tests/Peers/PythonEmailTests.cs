using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Peers;

/// <summary>What we write, Python's email package reads as the same values.</summary>
public sealed class PythonEmailTests
{
    private const string Python = "/usr/bin/python3";

    private const string Script = """
        import sys, json, base64, hashlib, email, email.policy
        for line in sys.stdin:
            m = email.message_from_bytes(base64.b64decode(line), policy=email.policy.default)
            people = lambda name: [[a.display_name, a.username, a.domain] for h in (m.get_all(name) or []) for a in h.addresses]
            leaves = [p for p in m.walk() if not p.is_multipart()]
            plain = [p for p in leaves if p.get_content_type() == "text/plain" and p.get_filename() is None]
            page = [p for p in leaves if p.get_content_type() == "text/html" and p.get_filename() is None]
            files = [p for p in leaves if p.get_filename() is not None]
            print(json.dumps({
                "subject": m["subject"], "from": people("from"), "to": people("to"), "cc": people("cc"), "date": m["date"].datetime.isoformat(),
                "id": m["message-id"], "references": (m["references"] or "").split(), "extra": m["x-extra"],
                "text": plain[0].get_content() if plain else None, "html": page[0].get_content() if page else None,
                "files": [[p.get_filename(), p.get_content_type(), hashlib.sha256(p.get_payload(decode=True)).hexdigest(), p["content-id"]] for p in files],
                "defects": [type(d).__name__ for p in m.walk() for d in p.defects] + [type(d).__name__ for p in m.walk() for h in p.values() for d in getattr(h, "defects", [])],
            }), flush=True)
        """;

    private static readonly string[] Texts =
    [
        "", "Hello", "Hello\n", "Zwölf Boxkämpfer\n", "日本語のテキスト\nです\n", "From here\n.\n..\n-- \nAnn\n", "trailing \t\n\n\n", "a=b =3D =?utf-8?q?x?=", new string('x', 3000), "😀 emoji\n", "tab\there",
    ];

    private static readonly string[] Names =
    [
        "a.txt", "with space.pdf", "quote\"inside.txt", "Größe.xlsx", "日本語.docx", "semi;colon=eq.txt", "percent%41.txt", new string('n', 150) + ".bin", string.Concat(Enumerable.Repeat("ü", 80)) + ".txt", "apo'strophe.txt", "😀.png", "[brackets](parens).txt",
    ];

    // Each fits one encoded word: between two of a phrase Python keeps the space that RFC 2047 6.2 says to drop.
    private static readonly string[] DisplayNames = ["", "Ann", "Ann Smith", "Smith, Ann", "Jürgen Müller", "山田 太郎", "A \"Q\" B", "dots. and; semis", "=?odd?=", "(paren)", "back\\slash"];

    [RequiresProgramFact(Python)]
    public async Task Python_reads_what_we_write()
    {
        var messages = Enumerable.Range(0, 60).Select(Make).ToList();
        var raws = messages.Select((m, i) => MimeWriter.Write(m, "seed" + i)).ToList();
        var answers = await AskAsync(raws);
        Assert.Equal(messages.Count, answers.Count);
        foreach (var (message, answer) in messages.Zip(answers))
            Compare(message, answer);
    }

    private static OutgoingMessage Make(int number)
    {
        var random = new Random(number);
        MailAddress Person() => new(Pick(DisplayNames), Pick(["ann", "a.b+c", "x y", "quo\"te"]), "example.test");
        string Pick(string[] from) => from[random.Next(from.Length)];
        byte[] Bytes(int max)
        {
            var bytes = new byte[random.Next(max)];
            random.NextBytes(bytes);
            return bytes;
        }

        return new OutgoingMessage
        {
            From = Person(),
            To = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Person())],
            Cc = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Person())],
            Subject = Pick(["Hello", "Grüße", "日本語 の 件名 " + new string('あ', 60), "a  b", "=?utf-8?q?fake?=", "colon: and, comma", new string('w', 300), "mixed ASCII and ünïcödé text that is long enough to be folded over several lines of a header"]),
            Date = new DateTimeOffset(2026, 1 + number % 12, 1 + number % 28, 12, 34, 56, TimeSpan.FromMinutes(30 * (number % 25 - 12))),
            MessageId = $"<{number}.abc@example.test>",
            References = [.. Enumerable.Range(0, random.Next(30)).Select(i => $"<{i}.{new string('r', 20)}@example.test>")],
            ExtraHeaders = [("X-Extra", Pick(["plain", "ünïcode", "https://x.test/" + new string('u', 400)]))],
            Text = Pick(Texts),
            Html = random.Next(2) == 0 ? null : "<p>" + Pick(Texts) + "</p>",
            Attachments = [.. Enumerable.Range(0, random.Next(4)).Select(i => new OutgoingAttachment(Pick(Names), Pick(["application/pdf", "image/png", "text/csv"]), Bytes(5000), i == 0 ? "cid" + number + "@x.test" : null, Inline: i == 0))],
        };
    }

    private static void Compare(OutgoingMessage message, JsonElement read)
    {
        Assert.Empty(read.GetProperty("defects").EnumerateArray().Select(d => d.GetString()));
        Assert.Equal(message.Subject, read.GetProperty("subject").GetString());
        Assert.Equal([Shape(message.From)], People(read, "from"));
        Assert.Equal(message.To.Select(Shape), People(read, "to"));
        Assert.Equal(message.Cc.Select(Shape), People(read, "cc"));
        Assert.Equal(message.Date, DateTimeOffset.Parse(read.GetProperty("date").GetString()!, CultureInfo.InvariantCulture));
        Assert.Equal(message.MessageId, read.GetProperty("id").GetString());
        Assert.Equal(message.References, read.GetProperty("references").EnumerateArray().Select(r => r.GetString()!));
        Assert.Equal(message.ExtraHeaders[0].Value, read.GetProperty("extra").GetString());
        Assert.Equal(message.Text!.TrimEnd('\n'), read.GetProperty("text").GetString()!.ReplaceLineEndings("\n").TrimEnd('\n'));
        Assert.Equal(message.Html?.TrimEnd('\n'), read.GetProperty("html").GetString()?.ReplaceLineEndings("\n").TrimEnd('\n'));
        // Inline files stand before attached ones; without HTML there is nothing to be inline in.
        var files = message.Html is null ? message.Attachments : [.. message.Attachments.OrderBy(a => !a.Inline)];
        Assert.Equal(
            files.Select(f => (Safe(f.FileName), f.ContentType, Convert.ToHexStringLower(SHA256.HashData(f.Content.Span)), f.ContentId is { } id ? $"<{id}>" : null)),
            read.GetProperty("files").EnumerateArray().Select(f => (f[0].GetString()!, f[1].GetString()!, f[2].GetString()!, f[3].GetString())));
    }

    // What a file system would stumble over is replaced on the way out.
    private static string Safe(string name) => name.Replace('"', '_');

    private static string Shape(MailAddress a) => $"{a.DisplayName}|{a.LocalPart}|{a.Domain}";

    private static IEnumerable<string> People(JsonElement read, string name) =>
        read.GetProperty(name).EnumerateArray().Select(p => $"{p[0].GetString()}|{p[1].GetString()}|{p[2].GetString()}");

    private static async Task<List<JsonElement>> AskAsync(List<byte[]> messages)
    {
        var start = new ProcessStartInfo(Python) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Script);
        using var process = Process.Start(start)!;
        var writing = Task.Run(async () =>
        {
            foreach (var message in messages)
                await process.StandardInput.WriteLineAsync(Convert.ToBase64String(message));
            process.StandardInput.Close();
        });
        var answers = new List<JsonElement>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            answers.Add(JsonDocument.Parse(line).RootElement);
        await writing;
        await process.WaitForExitAsync();
        return answers;
    }
}
