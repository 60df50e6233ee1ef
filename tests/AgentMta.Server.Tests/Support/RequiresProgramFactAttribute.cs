namespace AgentMta.Server.Tests.Support;

/// <summary>A test against programs of the system, by name or by path (also of a folder); skipped, visibly, where one is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RequiresProgramFactAttribute : FactAttribute
{
    private static readonly string[] Folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];

    public RequiresProgramFactAttribute(params string[] programs)
    {
        var missing = programs.Where(p => Find(p) is null).ToList();
        if (missing.Count > 0)
            Skip = $"not installed: {string.Join(", ", missing)}";
    }

    /// <summary>The path of a program given by name or path, or null.</summary>
    public static string? Find(string program) => program.StartsWith('/')
        ? (Path.Exists(program) ? program : null)
        : Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
