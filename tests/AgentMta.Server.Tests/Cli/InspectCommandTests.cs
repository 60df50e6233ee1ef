using System.Text;
using System.Text.Json;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Cli;

namespace AgentMta.Server.Tests.Cli;

public sealed class InspectCommandTests
{
    private static JsonElement Json(string message, string file = "a.eml")
    {
        using var output = new MemoryStream();
        InspectWriter.WriteJson(output, file, MimeMessage.Parse(Encoding.UTF8.GetBytes(message)));
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(output.ToArray());
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.Single(text, c => c == '\n');
        return JsonDocument.Parse(text).RootElement;
    }

    [Fact]
    public void A_line_of_json_holds_the_contract()
    {
        var json = Json("From: =?utf-8?q?J=C3=BC?= <a@x.test>\r\nTo: b@y.test\r\nSubject: Hi\r\nDate: Sat, 21 Nov 2026 09:00:00 +0100\r\nMessage-ID: <1@x>\r\nIn-Reply-To: <0@x>\r\n"
            + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nSGk=\r\n--b--\r\n");
        Assert.Equal("Jü <a@x.test>", json.GetProperty("from")[0].GetString());
        Assert.Equal("2026-11-21T09:00:00+01:00", json.GetProperty("date").GetString());
        Assert.Equal("<0@x>", json.GetProperty("in_reply_to").GetString());
        Assert.Equal("body", json.GetProperty("text").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("html").ValueKind);
        var file = json.GetProperty("attachments")[0];
        Assert.Equal("a.pdf", file.GetProperty("filename").GetString());
        Assert.Equal(2, file.GetProperty("size").GetInt64());
        Assert.Equal("3639efcd08abb273b1619e82e78c29a7df02c1051b1820e99fc395dcaa3326b8", file.GetProperty("sha256").GetString());
        foreach (var key in (string[])["file", "cc", "references", "preview", "hidden_text", "extracted_text", "extracted_html", "report", "defects"])
            Assert.True(json.TryGetProperty(key, out _), key);
    }

    [Fact]
    public void A_lone_surrogate_in_a_path_does_not_break_the_line() => Assert.Equal("a\uFFFD.eml", Json("", "a\ud800.eml").GetProperty("file").GetString());

    [Fact]
    public async Task Text_for_a_terminal_holds_no_control_characters()
    {
        using var output = new MemoryStream();
        await InspectWriter.WriteTextAsync(output, "a", MimeMessage.Parse("Subject: x\r\n\r\n\u001b[2Jcleared"u8.ToArray()), default);
        Assert.DoesNotContain('\u001b', Encoding.UTF8.GetString(output.ToArray()));
    }
}
