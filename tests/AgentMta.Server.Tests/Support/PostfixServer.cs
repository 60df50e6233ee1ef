using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AgentMta.Server.Tests.Support;

/// <summary>A Postfix of our own: queue, configuration and ports apart from the system's, on loopback alone. Needs root, as Postfix itself does.</summary>
internal sealed class PostfixServer : IAsyncDisposable
{
    private PostfixServer(string folder, int port) => (Folder, Port) = (folder, port);

    public string Folder { get; }

    /// <summary>Port of its smtpd.</summary>
    public int Port { get; }

    /// <summary>Folder (maildir) of a virtual mailbox.</summary>
    public string Mailbox(string address) => Path.Combine(Folder, "mail", address[(address.IndexOf('@') + 1)..], address[..address.IndexOf('@')], "new");

    /// <summary>Its log, for the message of a failed test.</summary>
    public string Log => File.Exists(Path.Combine(Folder, "log")) ? File.ReadAllText(Path.Combine(Folder, "log")) : "";

    /// <summary>Starts it as the MX of <paramref name="domain"/>, with mailboxes for it, sending mail for each domain of <paramref name="transports"/> to its port on loopback, or bouncing it where the port is 0.</summary>
    public static async Task<PostfixServer> StartAsync(string domain, IReadOnlyList<string> users, IReadOnlyDictionary<string, int> transports, int port, params string[] settings)
    {
        var server = new PostfixServer(Directory.CreateTempSubdirectory("agentmta-postfix-").FullName, port);
        File.SetUnixFileMode(server.Folder, (UnixFileMode)0b111_101_101);
        var configuration = Directory.CreateDirectory(Path.Combine(server.Folder, "etc")).FullName;
        foreach (var name in new[] { "queue", "lib", "mail" })
            Directory.CreateDirectory(Path.Combine(server.Folder, name));
        await RunAsync("chown", "postfix", Path.Combine(server.Folder, "lib"));
        await RunAsync("chown", "-R", "nobody", Path.Combine(server.Folder, "mail"));
        var uid = (await RunAsync("id", "-u", "nobody")).Trim();
        await File.WriteAllLinesAsync(Path.Combine(configuration, "transport"), transports.Select(t => $"{t.Key} {(t.Value > 0 ? $"smtp:[127.0.0.1]:{t.Value}" : "error:5.1.1 no mailbox of that name")}"));
        await File.WriteAllLinesAsync(Path.Combine(configuration, "mailboxes"), users.Select(u => $"{u}@{domain} {domain}/{u}/"));
        await File.WriteAllTextAsync(Path.Combine(configuration, "main.cf"), string.Join('\n',
        [
            "compatibility_level = 3.6", $"queue_directory = {server.Folder}/queue", $"data_directory = {server.Folder}/lib", $"myhostname = mx.{domain}", $"mydomain = {domain}",
            "mydestination =", "inet_interfaces = loopback-only", "inet_protocols = ipv4", "mynetworks = 127.0.0.0/8", "alias_maps =", "alias_database =", "local_recipient_maps =",
            $"virtual_mailbox_domains = {domain}", $"virtual_mailbox_base = {server.Folder}/mail", $"virtual_mailbox_maps = texthash:{configuration}/mailboxes",
            $"virtual_uid_maps = static:{uid}", $"virtual_gid_maps = static:{(await RunAsync("id", "-g", "nobody")).Trim()}", "virtual_minimum_uid = 1",
            $"transport_maps = texthash:{configuration}/transport", "smtp_dns_support_level = disabled", "smtp_host_lookup = native", "disable_dns_lookups = yes",
            $"maillog_file = {server.Folder}/log", $"maillog_file_prefixes = {server.Folder}", "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination",
            "smtp_tls_security_level = may", "smtputf8_enable = yes", "minimal_backoff_time = 5s", "queue_run_delay = 5s", "import_environment = MAIL_CONFIG TZ", .. settings, "",
        ]));
        await File.WriteAllTextAsync(Path.Combine(configuration, "master.cf"), Services(server.Port));
        await RunAsync("postfix", "-c", configuration, "start");
        await WaitAsync(server);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("postfix", "-c", Path.Combine(Folder, "etc"), "stop");
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A port that was free an instant ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    internal static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(RequiresProgramFactAttribute.Find(program) ?? program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await error}");
    }

    private static async Task WaitAsync(PostfixServer server)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, server.Port);
                return;
            }
            catch (SocketException) when (tries < 300)
            {
                await Task.Delay(50);
            }
            catch (SocketException e)
            {
                throw new InvalidOperationException("Postfix does not listen:\n" + server.Log, e);
            }
        }
    }

    private static string Services(int port) => string.Join('\n',
    [
        $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)} inet n - n - - smtpd", "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
        "tlsmgr unix - - n 1000? 1 tlsmgr", "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
        "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush", "proxymap unix - - n - - proxymap", "smtp unix - - n - - smtp", "relay unix - - n - - smtp",
        "showq unix n - n - - showq", "error unix - - n - - error", "retry unix - - n - - error", "discard unix - - n - - discard", "local unix - n n - - local",
        "virtual unix - n n - - virtual", "lmtp unix - - n - - lmtp", "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache", "postlog unix-dgram n - n - 1 postlogd", "",
    ]);
}
