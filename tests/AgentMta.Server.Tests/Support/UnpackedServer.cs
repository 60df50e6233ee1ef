using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace AgentMta.Server.Tests.Support;

/// <summary>
/// A mail server run from unpacked packages, in a mount and process namespace of its own: its accounts, spool and helpers appear where it was built to look for them, and
/// nothing of this machine changes.
/// </summary>
internal sealed class UnpackedServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _output = [];

    private UnpackedServer(Process process, string folder, int port)
    {
        (_process, Folder, Port) = (process, folder, port);
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
    }

    public string Folder { get; }

    /// <summary>Where it takes mail from anyone.</summary>
    public int Port { get; }

    /// <summary>What it said and logged, for the message of a failed test.</summary>
    public string Log
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output) + string.Concat(Directory.EnumerateFiles(Folder, "*log").Select(File.ReadAllText));
        }
    }

    /// <summary>Exim, which sends all mail to a port on loopback, never without TLS.</summary>
    public static Task<UnpackedServer> EximAsync(string domain, int target)
    {
        var root = RequiresPeerFactAttribute.Folder("exim");
        return StartAsync(
            root, ["Debian-exim"],
            (folder, port) => $$"""
                primary_hostname = mx.{{domain}}
                exim_path = {{root}}/usr/sbin/exim4
                keep_environment =
                spool_directory = {{folder}}/spool
                log_file_path = {{folder}}/%slog
                local_interfaces = 127.0.0.1
                daemon_smtp_ports = {{port}}
                host_lookup =
                tls_advertise_hosts =
                acl_smtp_rcpt = open
                acl_smtp_data = open

                begin acl
                open:
                  accept

                begin routers
                out:
                  driver = manualroute
                  route_list = * 127.0.0.1
                  transport = smtp
                  self = send

                begin transports
                smtp:
                  driver = smtp
                  port = {{target}}
                  allow_localhost
                  hosts_require_tls = *
                  hosts_try_dane =

                """,
            configuration => $"mkdir -p {Path.GetDirectoryName(configuration)}/spool; chown -R Debian-exim {Path.GetDirectoryName(configuration)}; chown root {configuration}; exec {root}/usr/sbin/exim4 -C {configuration} -bdf -q10s");
    }

    /// <summary>OpenSMTPD, which does the same.</summary>
    public static Task<UnpackedServer> OpenSmtpdAsync(string domain, int target)
    {
        var root = RequiresPeerFactAttribute.Folder("opensmtpd");
        return StartAsync(
            root, ["opensmtpd", "opensmtpq"],
            (_, port) => $"""
                smtp max-message-size "30M"
                listen on 127.0.0.1 port {port} hostname mx.{domain}
                action "out" relay host "smtp+tls://127.0.0.1:{target}" tls no-verify helo mx.{domain}
                match from any for any action "out"

                """,
            configuration => $"mkdir -p /usr/libexec /var/lib/opensmtpd/empty; cp -a {root}/usr/libexec/opensmtpd /usr/libexec/; chmod 711 /var/spool /var/lib/opensmtpd/empty; exec {root}/usr/sbin/smtpd -d -f {configuration}");
    }

    public async ValueTask DisposeAsync()
    {
        // The first process of its namespace: the kernel ends all others with it.
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static async Task<UnpackedServer> StartAsync(string root, string[] users, Func<string, int, string> configuration, Func<string, string> command)
    {
        var folder = Directory.CreateTempSubdirectory("agentmta-peer-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        var port = PostfixServer.FreePort();
        var path = Path.Combine(folder, "conf");
        await File.WriteAllTextAsync(path, configuration(folder, port));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var accounts = users.Select((name, i) => (name, id: 64_100 + i)).ToList();
        await File.WriteAllTextAsync(Path.Combine(folder, "passwd"), await File.ReadAllTextAsync("/etc/passwd") + string.Concat(accounts.Select(a => $"{a.name}:x:{a.id}:{a.id}::/nonexistent:/usr/sbin/nologin\n")));
        await File.WriteAllTextAsync(Path.Combine(folder, "group"), await File.ReadAllTextAsync("/etc/group") + string.Concat(accounts.Select(a => $"{a.name}:x:{a.id}:\n")));
        // A cache of its own for the loader rather than LD_LIBRARY_PATH, which set-uid programs do not look at.
        var libraries = $"/sbin/ldconfig -X -C {folder}/ld.so.cache $(ls -d {root}/usr/lib/*-linux-gnu {root}/lib/*-linux-gnu 2>/dev/null); mount --bind {folder}/ld.so.cache /etc/ld.so.cache";
        var script = $"set -e; {libraries}; mount --bind {folder}/passwd /etc/passwd; mount --bind {folder}/group /etc/group; for d in /var/spool /var/lib /run /usr/libexec; do mount -t tmpfs tmpfs $d; done; " + command(path);
        var start = new ProcessStartInfo("unshare", ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var server = new UnpackedServer(Process.Start(start)!, folder, port);
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            await Eventually.GetAsync(async () => await AnswersAsync(port) ? "up" : server._process.HasExited ? throw new InvalidOperationException(server.Log) : null, () => server.Log);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.Add(line);
    }
}
