using System.CommandLine;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Server.Resolver;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta auth seal</c>: the message with an ARC set of ours in front, as a forwarder sends it on.</summary>
internal static class AuthSealCommand
{
    private static readonly Argument<FileInfo> File = new("FILE") { Description = "The message; bare line feeds become CRLF" };
    private static readonly Option<FileInfo> Key = new("--key") { Description = "Private key, PEM: RSA or Ed25519", HelpName = "FILE", Required = true };
    private static readonly Option<string> Selector = new("--selector") { Description = "s=", HelpName = "S", Required = true };
    private static readonly Option<string> Domain = new("--domain") { Description = "d=", HelpName = "D", Required = true };
    private static readonly Option<string> AuthservId = new("--authserv-id") { Description = "Who saw the results", HelpName = "NAME", Required = true };
    private static readonly Option<string?> Results = new("--results") { Description = "Results to seal, \"spf=pass smtp.mailfrom=a@b.example; dkim=…\" (default: the message's Authentication-Results of that authserv-id)", HelpName = "TEXT" };
    private static readonly Option<FileInfo?> Zone = new("--zone") { Description = "Master file that is all of DNS", HelpName = "FILE" };
    private static readonly Option<string[]> Servers = new("--resolver") { Description = "DNS servers to ask instead of the system's", HelpName = "ADDR:PORT", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> At = new("--at") { Description = "t=, Unix seconds or ISO 8601 (default: now)", HelpName = "TIME" };
    private static readonly Option<bool> FieldsOnly = new("--fields-only") { Description = "Print the three ARC fields alone" };

    public static Command Create()
    {
        var command = new Command("seal", "Print a message with an ARC set in front") { File, Key, Selector, Domain, AuthservId, Results, Zone, Servers, At, FieldsOnly };
        command.SetAction((parsed, cancellationToken) => AuthInput.RunAsync(() => SealAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> SealAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var message = await AuthInput.ReadOutgoingAsync(parsed.GetValue(File)!, cancellationToken).ConfigureAwait(false);
        var now = AuthInput.InstantOf(parsed.GetValue(At));
        var key = AuthInput.ReadKey(parsed.GetValue(Key)!, parsed.GetValue(Domain)!, parsed.GetValue(Selector)!);
        using (key.Key)
        {
            using var resolver = new DnsResolver(new ResolverOptions { Servers = parsed.GetValue(Servers)! }, TimeProvider.System, NullLogger<DnsResolver>.Instance);
            IDnsLookup dns = parsed.GetValue(Zone) is { } zone ? new ZoneOverlay(ZoneFileReader.Read(zone.FullName), authenticated: false) : resolver;
            // RFC 8617 5.1: cv= is what the chain was worth when the message came in.
            var chain = await ArcVerifier.VerifyAsync(message, new DnsBudget(dns, TimeProvider.System), now, cancellationToken).ConfigureAwait(false);
            var fields = ArcSealer.Seal(message, parsed.GetValue(Results), parsed.GetValue(AuthservId)!, chain, key, now);
            if (fields.Length == 0)
                await Console.Error.WriteLineAsync("agentmta auth: the chain has failed before or is full; nothing is added").ConfigureAwait(false);
            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(fields, cancellationToken).ConfigureAwait(false);
            if (!parsed.GetValue(FieldsOnly))
                await output.WriteAsync(message, cancellationToken).ConfigureAwait(false);
        }

        return ExitCodes.Ok;
    }
}
