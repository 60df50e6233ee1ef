namespace AgentMta.Server.Tests.Support;

/// <summary>A test with the packages of tests/sdk; skipped, visibly, where they are not installed (npm ci, which ./test does).</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SdkFactAttribute : FactAttribute
{
    public SdkFactAttribute()
    {
        var modules = Path.Combine(Repository.Root, "tests", "sdk", "node_modules");
        if (RequiresProgramFactAttribute.Find("node") is null || new[] { "agentmail", "ajv", "typescript" }.Any(name => !Directory.Exists(Path.Combine(modules, name))))
            Skip = "the SDK is not installed: run npm ci in tests/sdk";
    }
}
