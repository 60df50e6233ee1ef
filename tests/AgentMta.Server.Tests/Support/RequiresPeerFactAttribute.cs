namespace AgentMta.Server.Tests.Support;

/// <summary>A test against a mail server that <c>./test</c> unpacked; skipped, visibly, where it is not there or where no namespace can be made for it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RequiresPeerFactAttribute : FactAttribute
{
    public RequiresPeerFactAttribute(string peer)
    {
        if (!File.Exists(Path.Combine(Folder(peer), ".complete")))
            Skip = $"not unpacked: {peer} (./test does that, or set AGENTMTA_PEERS)";
        else if (Environment.UserName != "root" || RequiresProgramFactAttribute.Find("unshare") is null)
            Skip = $"{peer} needs root and unshare";
    }

    /// <summary>The root folder of the unpacked packages.</summary>
    public static string Folder(string peer) => Path.Combine(Environment.GetEnvironmentVariable("AGENTMTA_PEERS") is { Length: > 0 } set ? set : Path.Combine(Repository.Root, "artifacts", "peers"), peer);
}
