using System.Globalization;
using System.Text.Json;
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
        var builder = new ConfigurationBuilder();
        if (file is not null)
            AddFile(builder, "--config", file);
        return Read(builder.AddEnvironmentVariables(EnvironmentPrefix).AddInMemoryCollection(flags), "--config", file);
    }

    /// <summary>Reads a policy that is tried: its file is the last word, so that the environment by which a container is configured does not undo the change.</summary>
    /// <exception cref="ConfigurationException">Some key or value is wrong.</exception>
    public static ServerOptions ReadPolicy(string file)
    {
        var builder = new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix);
        AddFile(builder, "--policy", file);
        return Read(builder, "--policy", file);
    }

    private static void AddFile(IConfigurationBuilder builder, string flag, string file)
    {
        if (!File.Exists(file))
            throw new ConfigurationException([$"{flag} = '{file}': there is no such file."]);
        builder.AddJsonFile(Path.GetFullPath(file), optional: false);
    }

    private static ServerOptions Read(IConfigurationBuilder builder, string flag, string? file)
    {
        NetworkConverter.Register();
        IConfigurationRoot configuration;
        try
        {
            configuration = builder.Build();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            throw new ConfigurationException([$"{flag} = '{file}': {Fault(e)}"]);
        }

        var faults = ConfigurationCheck.Shape(configuration, typeof(ServerOptions)).ToList();
        if (faults.Count > 0)
            throw new ConfigurationException(faults);
        var options = new ServerOptions();
        ConfigurationCheck.ClearNamedLists(configuration, options);
        configuration.Bind(options);
        faults.AddRange(ConfigurationCheck.Dropped(configuration, options));
        faults.AddRange(ConfigurationCheck.Range(options));
        options.Given = configuration.AsEnumerable().Where(k => !string.IsNullOrEmpty(k.Value)).Select(k => k.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return faults.Count > 0 ? throw new ConfigurationException(faults) : options;
    }

    // The innermost exception is the parser's own, which counts from 0 and says so behind its sentence.
    private static string Fault(Exception fault)
    {
        while (fault.InnerException is { } inner)
            fault = inner;
        if (fault is not JsonException { LineNumber: { } line, BytePositionInLine: { } column })
            return fault.Message;
        var end = fault.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"line {line + 1}, column {column + 1}: {(end < 0 ? fault.Message : fault.Message[..end])}");
    }
}
