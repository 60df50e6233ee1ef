using System.Text.Json;
using AgentMta.Protocol.MailAuth.Dkim;

namespace AgentMta.Server.Cli;

/// <summary>What the auth commands read, and how they say that it is wrong.</summary>
internal static class AuthInput
{
    private const int MaxKeyBytes = 64 * 1024;

    /// <summary>Runs the body; what is wrong with its input becomes a sentence on standard error and an exit code.</summary>
    public static async Task<int> RunAsync(Func<Task<int>> body)
    {
        try
        {
            return await body().ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return await FaultAsync(ExitCodes.NoInput, e.Message).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await FaultAsync(ExitCodes.InputOutput, e.Message).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or ArgumentException or JsonException)
        {
            return await FaultAsync(ExitCodes.BadInput, e.Message).ConfigureAwait(false);
        }
    }

    public static async Task<int> FaultAsync(int exitCode, string message)
    {
        await Console.Error.WriteLineAsync("agentmta auth: " + message).ConfigureAwait(false);
        return exitCode;
    }

    /// <summary>The octets of the file, unchanged.</summary>
    public static Task<byte[]> ReadMessageAsync(FileInfo file, CancellationToken cancellationToken) => File.ReadAllBytesAsync(file.FullName, cancellationToken);

    /// <summary>The message with CRLF line ends, as it would be sent: signatures cover them.</summary>
    public static async Task<byte[]> ReadOutgoingAsync(FileInfo file, CancellationToken cancellationToken)
    {
        var message = await ReadMessageAsync(file, cancellationToken).ConfigureAwait(false);
        var bare = 0;
        for (var i = 0; i < message.Length; i++)
            bare += message[i] == '\n' && (i == 0 || message[i - 1] != '\r') ? 1 : 0;
        if (bare == 0)
            return message;
        var lines = new byte[message.Length + bare];
        var at = 0;
        for (var i = 0; i < message.Length; i++)
        {
            if (message[i] == '\n' && (i == 0 || message[i - 1] != '\r'))
                lines[at++] = (byte)'\r';
            lines[at++] = message[i];
        }

        return lines;
    }

    /// <summary>The private key in the PEM file.</summary>
    public static DkimSigningKey ReadKey(FileInfo file, string domain, string selector)
    {
        if (file.Exists && file.Length > MaxKeyBytes)
            throw new InvalidDataException($"{file.FullName} is no key file");
        return new DkimSigningKey(domain, selector, DkimKey.FromPem(File.ReadAllText(file.FullName)));
    }

    /// <summary>--at, or now.</summary>
    public static DateTimeOffset InstantOf(string? at) =>
        at is null ? TimeProvider.System.GetUtcNow() : AuthBatchRequest.InstantOf(at) ?? throw new FormatException($"--at: '{at}' is neither Unix seconds nor an ISO 8601 time");
}
