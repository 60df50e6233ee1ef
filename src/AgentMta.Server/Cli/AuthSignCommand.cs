using System.CommandLine;
using AgentMta.Protocol.MailAuth.Dkim;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta auth sign</c>: the message with a DKIM signature in front.</summary>
internal static class AuthSignCommand
{
    private static readonly Argument<FileInfo> File = new("FILE") { Description = "The message; bare line feeds become CRLF" };
    private static readonly Option<FileInfo> Key = new("--key") { Description = "Private key, PEM: RSA or Ed25519", HelpName = "FILE", Required = true };
    private static readonly Option<string> Selector = new("--selector") { Description = "s=", HelpName = "S", Required = true };
    private static readonly Option<string> Domain = new("--domain") { Description = "d=", HelpName = "D", Required = true };
    private static readonly Option<string?> At = new("--at") { Description = "t=, Unix seconds or ISO 8601 (default: now)", HelpName = "TIME" };
    private static readonly Option<bool> FieldOnly = new("--field-only") { Description = "Print the DKIM-Signature field alone" };

    public static Command Create()
    {
        var command = new Command("sign", "Print a message with a DKIM signature in front") { File, Key, Selector, Domain, At, FieldOnly };
        command.SetAction((parsed, cancellationToken) => AuthInput.RunAsync(async () =>
        {
            var message = await AuthInput.ReadOutgoingAsync(parsed.GetValue(File)!, cancellationToken).ConfigureAwait(false);
            var key = AuthInput.ReadKey(parsed.GetValue(Key)!, parsed.GetValue(Domain)!, parsed.GetValue(Selector)!);
            using (key.Key)
            {
                var field = DkimSigner.Sign(message, [key], AuthInput.InstantOf(parsed.GetValue(At)));
                await using var output = Console.OpenStandardOutput();
                await output.WriteAsync(field, cancellationToken).ConfigureAwait(false);
                if (!parsed.GetValue(FieldOnly))
                    await output.WriteAsync(message, cancellationToken).ConfigureAwait(false);
            }

            return ExitCodes.Ok;
        }));
        return command;
    }
}
