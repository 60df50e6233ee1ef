using System.Runtime.CompilerServices;

namespace AgentMta.Protocol.Tests.MailAuth;

/// <summary>A test over third-party data that is not part of the project: skipped, visibly, where the folder is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CorpusFactAttribute : FactAttribute
{
    public CorpusFactAttribute(string folder)
    {
        if (!Directory.Exists(Folder(folder)))
            Skip = $"corpus '{folder}' is not there (set AGENTMTA_CORPORA)";
    }

    public static string Folder(string name) =>
        Path.Combine(Environment.GetEnvironmentVariable("AGENTMTA_CORPORA") ?? Path.Combine(RepositoryRoot(), "..", "shared", "corpora"), name);

    private static string RepositoryRoot([CallerFilePath] string here = "")
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AgentMta.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? Path.GetDirectoryName(here)!;
    }
}
