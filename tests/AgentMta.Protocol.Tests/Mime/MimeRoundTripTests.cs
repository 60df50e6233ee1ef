using System.Text;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AgentMta.Protocol.Tests.Mime;

/// <summary>What the writer writes, the parser reads back, for any text, name and file.</summary>
public sealed class MimeRoundTripTests
{
    private const string Pieces = "abcXYZ019 ,;:<>()[]\"\\'=?_@.%*/!~-\täöüßéñ日本語한국어😀👩‍👧مرحباШ€\u00a0";

    private static readonly Gen<string> AnyText = Gen.Elements(Pieces.EnumerateRunes().Select(r => r.ToString()).ToArray())
        .ListOf().Select(l => string.Concat(l));

    private static readonly Gen<string> BodyLines = Gen.Elements("Hello", "From here", ".", "", "-- ", "trailing ", "=3D", "日本語", "ä", new string('w', 1200), "--=_boundary", "tab\t")
        .ListOf().Select(l => string.Join('\n', l));

    private static readonly Gen<MailAddress> Address =
        from name in AnyText
        from local in Gen.Elements("ann", "a.b+c", "x y", "quo\"te", "Ann", "back\\slash", "comma,at@")
        from domain in Gen.Elements("x.test", "mail.example.test", "[192.0.2.1]")
        select new MailAddress(OneLine(name), local, domain);

    private static readonly Gen<OutgoingAttachment> Attachment =
        from name in AnyText
        from bytes in Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf()
        from type in Gen.Elements("application/pdf", "image/png", "text/plain", "text/csv", "application/octet-stream")
        select new OutgoingAttachment(name, type, bytes);

    private static readonly Gen<OutgoingMessage> Message =
        from sender in Address
        from to in Address.ListOf()
        from cc in Address.ListOf()
        from subject in AnyText
        from text in BodyLines
        from html in Gen.OneOf(Gen.Constant((string?)null), BodyLines.Select(b => (string?)("<p>" + b + "</p>")))
        from files in Attachment.ListOf()
        from minutes in Gen.Choose(-720, 840)
        select new OutgoingMessage
        {
            From = sender,
            To = [.. to],
            Cc = [.. cc],
            Subject = subject,
            Date = new DateTimeOffset(2026, 2, 28, 23, 59, 59, TimeSpan.FromMinutes(minutes)),
            MessageId = "<id@x.test>",
            InReplyTo = ["<a@b>"],
            References = ["<r@b>", "<a@b>"],
            Text = text,
            Html = html,
            Attachments = [.. files],
        };

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        Prop.ForAll(Message.ToArbitrary(), message =>
        {
            var bytes = MimeWriter.Write(message, "seed");
            var parsed = MimeMessage.Parse(bytes);
            var content = MessageContent.Read(parsed);
            Assert.Equal(MimeDefects.None, content.Defects);
            Assert.Equal(EncodedWordWriter.OneLine(message.Subject).Trim(), content.Subject);
            Assert.Equal([message.From], content.From);
            Assert.Equal(message.To, content.To);
            Assert.Equal(message.Cc, content.Cc);
            Assert.Equal(message.Date, content.Date);
            Assert.Equal(message.Date.Offset, content.Date!.Value.Offset);
            Assert.Equal(message.MessageId, content.MessageId);
            Assert.Equal(message.InReplyTo, content.InReplyTo);
            Assert.Equal(message.References, content.References);
            var plain = parsed.Parts().First(p => p.ContentType.MediaType == "text/plain");
            Assert.Equal(message.Text!.TrimEnd('\n'), plain.DecodeText().ReplaceLineEndings("\n").TrimEnd('\n'));
            if (message.Html is not null)
                Assert.Equal(message.Html, content.Html);
            Assert.Equal(message.Attachments.Count, content.Attachments.Count);
            foreach (var (sent, read) in message.Attachments.Zip(content.Attachments))
            {
                using var decoded = new MemoryStream();
                read.DecodeTo(bytes, decoded);
                Assert.Equal(sent.Content.ToArray(), decoded.ToArray());
                Assert.Equal(sent.ContentType, read.ContentType);
                Assert.Equal(ExpectedName(sent.FileName), read.FileName);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(300)));
    }

    [Fact]
    public void No_line_is_too_long_and_every_line_ends_with_crlf()
    {
        Prop.ForAll(Message.ToArbitrary(), message =>
        {
            var text = Encoding.UTF8.GetString(MimeWriter.Write(message, "seed"));
            Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
            var lines = text.Split("\r\n");
            Assert.All(lines, l => Assert.True(l.Length <= 998 && !l.AsSpan().ContainsAny('\r', '\n')));
            Assert.All(lines.TakeWhile(l => l.Length > 0), l => Assert.True(Ascii.IsValid(l)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(150)));
    }

    private static string ExpectedName(string name) => FileNames.Neutralise(name) is { Length: > 0 } safe ? safe : "attachment";

    private static string OneLine(string text) => text.Replace('\t', ' ').Trim() is var trimmed && trimmed.Contains("  ", StringComparison.Ordinal)
        ? string.Join(' ', trimmed.Split(' ', StringSplitOptions.RemoveEmptyEntries)) : trimmed;
}
