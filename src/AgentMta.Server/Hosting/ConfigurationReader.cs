using Microsoft.Extensions.Configuration;

namespace AgentMta.Server.Hosting;

/// <summary>Puts file, environment and command line together, the later one winning, and refuses what is not understood.</summary>
internal static class ConfigurationReader
{
    /// <summary>The prefix of environment variables: AGENTMTA__OUTBOUND__MAXRECIPIENTS is the key Outbound:MaxRecipients.</summary>
    public const string EnvironmentPrefix = "AGENTMTA__";

    /// <summary>Reads the options; <paramref name="flags"/> are keys with their values from the command line.</summary>
    /// <exception cref="ConfigurationException">Some key or value is wrong.</exception>
    public static ServerOptions Read(string? file, IEnumerable<KeyValuePair<string, string?>> flags)
    {
        NetworkConverter.Register();
        var builder = new ConfigurationBuilder();
        if (file is not null)
        {
            if (!File.Exists(file))
                throw new ConfigurationException([$"--config = '{file}': there is no such file."]);
            builder.AddJsonFile(Path.GetFullPath(file), optional: false);
        }

        IConfigurationRoot configuration;
        try
        {
            configuration = builder.AddEnvironmentVariables(EnvironmentPrefix).AddInMemoryCollection(flags).Build();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            throw new ConfigurationException([$"--config = '{file}': {e.Message} {e.InnerException?.Message}".TrimEnd()]);
        }

        var faults = ConfigurationCheck.Shape(configuration, typeof(ServerOptions)).ToList();
        if (faults.Count > 0)
            throw new ConfigurationException(faults);
        var options = new ServerOptions();
        ConfigurationCheck.ClearNamedLists(configuration, options);
        configuration.Bind(options);
        faults.AddRange(ConfigurationCheck.Dropped(configuration, options));
        faults.AddRange(ConfigurationCheck.Range(options));
        return faults.Count > 0 ? throw new ConfigurationException(faults) : options;
    }
}
