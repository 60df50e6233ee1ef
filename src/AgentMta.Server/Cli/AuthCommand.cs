using System.CommandLine;
using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth;
using AgentMta.Server.Resolver;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta auth</c>: SPF, DKIM, DMARC and ARC of one message, explained; or of many, for scripts.</summary>
internal static class AuthCommand
{
    private static readonly Argument<FileInfo?> File = new("FILE") { Description = "The message as received", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> Ip = new("--ip") { Description = "Address of the SMTP client", HelpName = "IP" };
    private static readonly Option<string> Helo = new("--helo") { Description = "Name given in EHLO or HELO", HelpName = "NAME", DefaultValueFactory = _ => "" };
    private static readonly Option<string> MailFrom = new("--mail-from") { Description = "Reverse-path; empty for the null one", HelpName = "ADDR", DefaultValueFactory = _ => "" };
    private static readonly Option<FileInfo?> Zone = new("--zone") { Description = "Master file that is all of DNS: what is not in it does not exist", HelpName = "FILE" };
    private static readonly Option<string[]> Servers = new("--resolver") { Description = "DNS servers to ask instead of the system's", HelpName = "ADDR:PORT", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> At = new("--at") { Description = "Time of receipt, Unix seconds or ISO 8601 (default: now)", HelpName = "TIME" };
    private static readonly Option<string?> Spec = new("--dmarc-spec") { Description = "rfc9989 (default: tree walk) or rfc7489 (public suffix list)", HelpName = "SPEC" };
    private static readonly Option<string> Suffixes = new("--public-suffix-list") { Description = "List for rfc7489 and organisational domains", HelpName = "FILE", DefaultValueFactory = _ => PublicSuffixFile.DefaultPath };
    private static readonly Option<string[]> Sealers = new("--trusted-sealer") { Description = "Domain whose ARC seal may excuse a DMARC failure", HelpName = "DOMAIN", DefaultValueFactory = _ => [] };
    private static readonly Option<string> AuthservId = new("--authserv-id") { Description = "Name for the Authentication-Results field that is shown", HelpName = "NAME", DefaultValueFactory = _ => "localhost" };
    private static readonly Option<bool> Batch = new("--batch") { Description = "Read JSON lines from standard input, write one JSON line for each" };

    /// <summary>The command with its subcommands.</summary>
    public static Command Create()
    {
        var command = new Command("auth", "Check who sent a message: SPF, DKIM, DMARC, ARC")
        {
            File, Ip, Helo, MailFrom, Zone, Servers, At, Spec, Suffixes, Sealers, AuthservId, Batch, AuthSignCommand.Create(), AuthSealCommand.Create(),
        };
        command.SetAction((parsed, cancellationToken) =>
            ResolverOptions.ServerFault(parsed.GetValue(Servers)!) is { } fault ? AuthInput.FaultAsync(ExitCodes.Usage, fault)
            : parsed.GetValue(Batch) ? BatchAsync(parsed, cancellationToken) : MessageAsync(parsed, cancellationToken));
        return command;
    }

    private static async Task<int> BatchAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // The network is touched only by a request without a zone.
        using var resolver = new ResolverHolder(parsed.GetValue(Servers)!);
        var batch = new AuthBatch(() => resolver.Value, new PublicSuffixFile(parsed.GetValue(Suffixes)!, TimeProvider.System, NullLogger.Instance), TimeProvider.System);
        using var input = new StreamReader(Console.OpenStandardInput(), new System.Text.UTF8Encoding(false));
        await using var output = Console.OpenStandardOutput();
        await batch.RunAsync(input, output, cancellationToken).ConfigureAwait(false);
        return ExitCodes.Ok;
    }

    private static async Task<int> MessageAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(File) is not { } file)
            return await AuthInput.FaultAsync(ExitCodes.Usage, "name a message, or use --batch").ConfigureAwait(false);
        if (!IPAddress.TryParse(parsed.GetValue(Ip), out var ip))
            return await AuthInput.FaultAsync(ExitCodes.Usage, "--ip needs the address of the SMTP client").ConfigureAwait(false);

        return await AuthInput.RunAsync(async () =>
        {
            var now = AuthInput.InstantOf(parsed.GetValue(At));
            var spec = AuthBatchRequest.SpecOf(parsed.GetValue(Spec));
            var message = await AuthInput.ReadMessageAsync(file, cancellationToken).ConfigureAwait(false);
            using var resolver = new ResolverHolder(parsed.GetValue(Servers)!);
            IDnsLookup dns = parsed.GetValue(Zone) is { } zone ? new ZoneOverlay(ZoneFileReader.Read(zone.FullName), authenticated: false) : resolver.Value;
            var verdict = await MailAuthenticator.AuthenticateAsync(
                new MailAuthRequest
                {
                    Message = message,
                    ClientAddress = ip,
                    Helo = parsed.GetValue(Helo)!,
                    MailFrom = AuthBatchRequest.Unbracketed(parsed.GetValue(MailFrom)!),
                    ReceiverName = parsed.GetValue(AuthservId)!,
                    Now = now,
                    DmarcSpec = spec,
                    PublicSuffixes = new PublicSuffixFile(parsed.GetValue(Suffixes)!, TimeProvider.System, NullLogger.Instance).Current,
                    TrustedSealers = parsed.GetValue(Sealers)!,
                    Time = TimeProvider.System,
                },
                dns, cancellationToken).ConfigureAwait(false);
            await Console.Out.WriteLineAsync(parsed.GetValue(CommandCall.JsonOption)
                ? verdict.ToJson()
                : verdict.ToText() + "\n" + AuthenticationResultsWriter.Field(parsed.GetValue(AuthservId)!, verdict).TrimEnd()).ConfigureAwait(false);
            return ExitCodes.Ok;
        }).ConfigureAwait(false);
    }

    /// <summary>The resolver of one call, made when first needed.</summary>
    private sealed class ResolverHolder(string[] servers) : IDisposable
    {
        private DnsResolver? _resolver;

        public DnsResolver Value => _resolver ??= new DnsResolver(new ResolverOptions { Servers = servers }, TimeProvider.System, NullLogger<DnsResolver>.Instance);

        public void Dispose() => _resolver?.Dispose();
    }
}
