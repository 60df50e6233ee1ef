using System.Net;
using System.Text.Json;

namespace AgentMta.Server.Hosting;

/// <summary>
/// What the last start of a folder's server ran with, in DATA/server.json. A command beside the server has neither its flags nor its environment, and yet must print the records that it asks for,
/// look at the DNS that it sees, and find its port.
/// </summary>
internal sealed record ServerFacts
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public required string Domain { get; init; }

    /// <summary>The name in effect, given or made of the domain.</summary>
    public required string HostName { get; init; }

    public string Relay { get; init; } = "";

    /// <summary>Full paths: a command has a working folder of its own.</summary>
    public string Zone { get; init; } = "";

    public string Resolver { get; init; } = "";

    public required string ResolvConf { get; init; }

    /// <summary>The listeners as they are bound.</summary>
    public string Smtp { get; init; } = "";

    public string Submission { get; init; } = "";

    public string Submissions { get; init; } = "";

    public string Http { get; init; } = "";

    public string Https { get; init; } = "";

    /// <summary>The facts of a server that is up.</summary>
    public static ServerFacts Of(ServerOptions options, BoundListeners bound) => Of(options) with
    {
        Smtp = Text(bound.Smtp), Submission = Text(bound.Submission), Submissions = Text(bound.Submissions), Http = Text(bound.Http), Https = Text(bound.Https),
    };

    /// <summary>What is kept of the folder's last start; null where there was none.</summary>
    /// <exception cref="ConfigurationException">The file is damaged.</exception>
    public static ServerFacts? Read(string data)
    {
        var path = PathIn(data);
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize<ServerFacts>(File.ReadAllText(path), Json);
        }
        catch (UnauthorizedAccessException)
        {
            return null; // another user, who may well ask the server over HTTP
        }
        catch (JsonException e)
        {
            throw new ConfigurationException([$"{path}: {e.Message} Restart the server, which writes this file anew."]);
        }
    }

    /// <summary>Leaves the facts to the commands beside the server.</summary>
    public void Write(DataFolder folder) => PrivateFile.Replace(PathIn(folder.Path), JsonSerializer.Serialize(this, Json) + "\n");

    /// <summary>Gives a command's options what neither file, environment nor flag gave them. The HTTP address is the bound one, unless a flag says whom to ask.</summary>
    public void Complete(ServerOptions options, bool isHttpFlagGiven)
    {
        if (!options.Given.Contains(nameof(Domain)))
            options.Domain = Domain;
        if (!options.Given.Contains(nameof(HostName)) && options.Domain == Domain)
            options.HostName = HostName;
        if (!options.Given.Contains(nameof(Relay)))
            options.Relay = Relay;
        if (!options.Given.Contains(nameof(Zone)))
            options.Zone = Zone;
        if (!options.Given.Contains(nameof(Resolver)))
            options.Resolver = Resolver;
        if (!options.Given.Contains($"{nameof(ServerOptions.Dns)}:{nameof(ResolvConf)}"))
            options.Dns = options.Dns with { ResolvConf = ResolvConf };
        if (!isHttpFlagGiven)
            options.Http = Http;
    }

    /// <summary>A sentence for each value that decides about DNS records and is not the server's; options that were completed disagree only where they were told otherwise.</summary>
    public IEnumerable<string> Disagreements(ServerOptions options)
    {
        var told = Of(options);
        foreach (var (key, value, running) in new[]
        {
            (nameof(HostName), told.HostName, HostName), (nameof(Relay), told.Relay, Relay), (nameof(Zone), told.Zone, Zone), (nameof(Resolver), told.Resolver, Resolver),
            ($"{nameof(ServerOptions.Dns)}:{nameof(ResolvConf)}", told.ResolvConf, ResolvConf),
        })
        {
            if (!value.Equals(running, StringComparison.OrdinalIgnoreCase))
                yield return $"{key} = '{value}': the server of this data folder was started with '{running}'. Leave the value out, or restart the server with it first.";
        }
    }

    private static ServerFacts Of(ServerOptions options)
    {
        var dns = options.ResolverOptions();
        return new ServerFacts
        {
            Domain = options.Domain,
            HostName = options.EffectiveHostName(),
            Relay = options.Relay,
            Zone = string.Join(',', dns.ZoneFiles.Select(Path.GetFullPath)),
            Resolver = string.Join(',', dns.Servers),
            ResolvConf = Path.GetFullPath(dns.ResolvConf),
        };
    }

    private static string PathIn(string data) => Path.Combine(Path.GetFullPath(data), "server.json");

    private static string Text(IReadOnlyList<IPEndPoint> endpoints) => string.Join(',', endpoints);
}
