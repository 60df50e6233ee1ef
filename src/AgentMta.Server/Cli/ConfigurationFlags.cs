using System.CommandLine;
using AgentMta.Server.Hosting;

namespace AgentMta.Server.Cli;

/// <summary>The short flags for the settings one reaches for; each is a key that file and environment know too.</summary>
internal sealed class ConfigurationFlags
{
    private readonly Option<string?> _config = new("--config") { Description = "Configuration file (JSON with comments; config/agentmta.json is a sample of every key)", HelpName = "PATH", Recursive = true };

    private readonly (Option<string?> Option, string Key)[] _flags =
    [
        (Flag("--data", "DIR", "Folder of all state (default ./agentmta-data)"), "Data"),
        (Flag("--smtp", "ADDR:PORT", "Listener for mail from other servers (default 127.0.0.1:2525)"), "Smtp"),
        (Flag("--submission", "ADDR:PORT", "Listener for submission (default 127.0.0.1:2587)"), "Submission"),
        (Flag("--http", "ADDR:PORT", "Listener for the HTTP API (default 127.0.0.1:8025)"), "Http"),
        (Flag("--domain", "NAME", "Domain of the first start (default agentmta.test)"), "Domain"),
        (Flag("--zone", "FILE", "Zone file that answers before DNS: tests, demos, closed networks"), "Zone"),
        (Flag("--resolver", "ADDR:PORT", "DNS server to ask instead of the system's"), "Resolver"),
        (Flag("--relay", "HOST:PORT", "Smart host for all mail that is not local"), "Relay"),
        (Flag("--mx-port", "N", "Port of other servers' MX (default 25; tests and closed networks)"), "MxPort"),
        (Flag("--public-url", "URL", "Where the HTTP side is reached from outside"), "PublicUrl"),
    ];

    /// <summary>Adds the flags to the root command; they hold for every command below it.</summary>
    public void AddTo(RootCommand root)
    {
        root.Options.Add(_config);
        foreach (var (option, _) in _flags)
            root.Options.Add(option);
    }

    /// <summary>The options of this call: file, environment, flags.</summary>
    /// <exception cref="ConfigurationException">Some key or value is wrong.</exception>
    public ServerOptions Read(ParseResult call) => ConfigurationReader.Read(
        call.GetValue(_config), _flags.Select(f => KeyValuePair.Create(f.Key, call.GetValue(f.Option))).Where(f => f.Value is not null));

    /// <summary>Whether the call has the flag of this key.</summary>
    public bool IsGiven(ParseResult call, string key) => call.GetValue(_flags.First(f => f.Key == key).Option) is not null;

    private static Option<string?> Flag(string name, string value, string description) => new(name) { Description = description, HelpName = value, Recursive = true };
}
