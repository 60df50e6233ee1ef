namespace AgentMta.Server.Tests.Support;

/// <summary>A test against a program of the system; skipped, visibly, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RequiresProgramFactAttribute : FactAttribute
{
    private static readonly string[] Folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];

    public RequiresProgramFactAttribute(string program)
    {
        if (Find(program) is null)
            Skip = $"{program} is not installed (apt-get install {program})";
    }

    /// <summary>The program's path, or null.</summary>
    public static string? Find(string program) => Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
