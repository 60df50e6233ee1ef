using System.Text.Json;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Tests.Support;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class SubjectsTests
{
    [Theory]
    [InlineData("Hello", "Hello", 0, false)]
    [InlineData("Re: Hello", "Hello", 1, false)]
    [InlineData("RE:re: Hello", "Hello", 2, false)]
    [InlineData("Re[4]: Hello", "Hello", 4, false)]
    [InlineData("Re(2): Hello", "Hello", 2, false)]
    [InlineData("Re^3: Hello", "Hello", 3, false)]
    [InlineData("Re2: Hello", "Hello", 2, false)]
    [InlineData("AW: WG: Hello", "Hello", 1, true)]
    [InlineData("SV: VS: Hello", "Hello", 2, false)]
    [InlineData("Odp: Hello", "Hello", 1, false)]
    [InlineData("Antw: Hello", "Hello", 1, false)]
    [InlineData("回复：你好", "你好", 1, false)]
    [InlineData("転送: 件名", "件名", 0, true)]
    [InlineData("Ответ: тема", "тема", 1, false)]
    [InlineData("[list] Re: [list] Hello", "Hello", 1, false)]
    [InlineData("[only a tag]", "[only a tag]", 0, false)]
    [InlineData("Re: [only a tag]", "[only a tag]", 1, false)]
    [InlineData("Fwd: Hello", "Hello", 0, true)]
    [InlineData("[Fwd: Re: Hello]", "Hello", 1, true)]
    [InlineData("Hello (fwd) (fwd)", "Hello", 0, true)]
    [InlineData("  Re :  Hello \t there ", "Hello there", 1, false)]
    [InlineData("Re:", "", 1, false)]
    [InlineData("", "", 0, false)]
    [InlineData("Regarding: Hello", "Regarding: Hello", 0, false)]
    [InlineData("2026: a year", "2026: a year", 0, false)]
    [InlineData("Ticket 4711: broken", "Ticket 4711: broken", 0, false)]
    [InlineData(": odd", ": odd", 0, false)]
    [InlineData("]: odd", "]: odd", 0, false)]
    public void Prefixes_come_off(string subject, string expected, int depth, bool forward) =>
        Assert.Equal(new BaseSubject(expected, depth, forward), Subjects.Base(subject));

    [Fact]
    public void A_subject_of_prefixes_alone_takes_linear_time()
    {
        Assert.Equal(1000, Subjects.Base(string.Concat(Enumerable.Repeat("Re: ", 100_000))).ReplyDepth);
        Assert.NotNull(Subjects.Base(new string('[', 200_000) + "x").Base);
        Assert.NotNull(Subjects.Base(string.Concat(Enumerable.Repeat("[fwd: ", 50_000)) + new string(']', 50_000)).Base);
    }

    [CorpusFact("threading")]
    public void The_corpus_agrees()
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Folder("threading"), "manifest.json")));
        var subjects = manifest.RootElement.GetProperty("subjects").EnumerateArray().ToList();
        Assert.NotEmpty(subjects);
        foreach (var subject in subjects)
        {
            var found = Subjects.Base(subject.GetProperty("input").GetString());
            Assert.Equal(subject.GetProperty("base").GetString(), found.Base);
            Assert.Equal(subject.GetProperty("reply_depth").GetInt32(), found.ReplyDepth);
        }
    }
}
