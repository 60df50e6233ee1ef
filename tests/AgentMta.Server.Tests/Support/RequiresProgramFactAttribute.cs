namespace AgentMta.Server.Tests.Support;

/// <summary>A fact that needs files of other software, programs mostly; skipped, visibly, where one of them is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RequiresProgramFactAttribute : FactAttribute
{
    public RequiresProgramFactAttribute(params string[] paths)
    {
        var missing = paths.Where(p => !File.Exists(p) && !Directory.Exists(p)).ToList();
        if (missing.Count > 0)
            Skip = "not installed: " + string.Join(", ", missing);
    }
}
