namespace AgentMta.Server.Tests.Support;

/// <summary>A test with the packages of tests/sdk; skipped, visibly, where they are not installed (npm ci, which ./test does).</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SdkFactAttribute : FactAttribute
{
    public SdkFactAttribute()
    {
        var modules = Path.Combine(Repository.Root, "tests", "sdk", "node_modules");
        if (!Directory.Exists(Path.Combine(modules, "agentmail")) || !Directory.Exists(Path.Combine(modules, "ajv")) || RequiresProgramFactAttribute.Find("node") is null)
            Skip = "the SDK is not installed: run npm ci in tests/sdk";
    }
}
