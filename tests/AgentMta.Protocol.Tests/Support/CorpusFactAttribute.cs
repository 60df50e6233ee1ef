namespace AgentMta.Protocol.Tests.Support;

/// <summary>A fact over third-party data that is not part of the project; skipped, visibly, where the folder is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CorpusFactAttribute : FactAttribute
{
    public CorpusFactAttribute(string folder)
    {
        if (!Directory.Exists(Corpus.Folder(folder)))
            Skip = $"corpora/{folder} is not here (set AGENTMTA_CORPORA)";
    }
}

/// <summary>Where third-party conformance data lies: AGENTMTA_CORPORA, or ../shared/corpora beside the repository.</summary>
internal static class Corpus
{
    public static string Folder(string name) => Path.Combine(Root(), name);

    private static string Root()
    {
        if (Environment.GetEnvironmentVariable("AGENTMTA_CORPORA") is { Length: > 0 } set)
            return set;
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AgentMta.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? ".", "..", "shared", "corpora");
    }
}
