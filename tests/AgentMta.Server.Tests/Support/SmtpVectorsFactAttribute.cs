namespace AgentMta.Server.Tests.Support;

/// <summary>A test that reads the third-party SMTP vectors; skipped, visibly, where they are not.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmtpVectorsFactAttribute : FactAttribute
{
    public SmtpVectorsFactAttribute()
    {
        if (Corpora() is null)
            Skip = "The corpora are not here (AGENTMTA_CORPORA)";
    }

    /// <summary>The folder of the corpora, or null.</summary>
    public static string? Corpora()
    {
        var named = Environment.GetEnvironmentVariable("AGENTMTA_CORPORA");
        if (named is not null)
            return Directory.Exists(named) ? named : null;
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AgentMta.sln")))
            folder = folder.Parent;
        var beside = folder is null ? null : Path.Combine(folder.FullName, "..", "shared", "corpora");
        return Directory.Exists(beside) ? beside : null;
    }
}
