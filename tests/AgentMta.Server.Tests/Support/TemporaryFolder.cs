namespace AgentMta.Server.Tests.Support;

/// <summary>A folder that a test has for itself.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("agentmta-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
