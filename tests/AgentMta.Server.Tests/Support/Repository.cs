namespace AgentMta.Server.Tests.Support;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AgentMta.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("AgentMta.sln not found above " + AppContext.BaseDirectory);
    }
}
