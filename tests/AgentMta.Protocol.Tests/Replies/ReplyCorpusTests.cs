namespace AgentMta.Protocol.Tests.Replies;

public sealed class ReplyCorpusTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const double Floor = 92;

    [SkippableCorpusFact]
    public void Visible_replies_of_the_corpus_are_found()
    {
        var judged = ReplyCorpus.Judge(ReplyCorpus.Folder()!, _ => null).ToList();
        var failed = judged.Where(c => c.Fault is not null).ToList();
        foreach (var (name, fault) in failed)
            output.WriteLine($"{name}: {fault![..Math.Min(260, fault!.Length)]}");
        var score = 100.0 * (judged.Count - failed.Count) / judged.Count;
        output.WriteLine($"{judged.Count - failed.Count} of {judged.Count}: {score:0.0} %");
        Assert.True(score >= Floor, string.Join('\n', failed.Select(f => $"{f.Name}: {f.Fault}")));
    }
}

/// <summary>Skips, visibly, where the corpus is not there.</summary>
public sealed class SkippableCorpusFactAttribute : FactAttribute
{
    public SkippableCorpusFactAttribute()
    {
        if (ReplyCorpus.Folder() is null)
            Skip = "the reply corpus is not beside the project (AGENTMTA_CORPORA)";
    }
}
