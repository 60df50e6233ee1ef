namespace AgentMta.Server.Tests.Support;

/// <summary>A file that a test gives to the resolver and takes away again.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(string text) => File.WriteAllText(Path, text);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"agentmta-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(Path);
}
