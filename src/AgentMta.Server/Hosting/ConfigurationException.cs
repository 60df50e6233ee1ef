namespace AgentMta.Server.Hosting;

/// <summary>The configuration cannot be used; each line names a key, its value and what is allowed. Start-up ends with exit code 78 (EX_CONFIG).</summary>
internal sealed class ConfigurationException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    /// <summary>One line a fault.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
