using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Tests.Support;

/// <summary>A real DNS server of the system on an ephemeral loopback port, in a folder of its own, for the time of a test.</summary>
internal sealed class DnsDaemon : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private DnsDaemon(Process process, string folder, int port) => (_process, _folder, Port) = (process, folder, port);

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>An authoritative server for zones given as master files.</summary>
    public static Task<DnsDaemon> StartNsdAsync(params (string Zone, string Text)[] zones)
    {
        var (folder, port) = (NewFolder(), FreePort());
        var config = $"""
            server:
              ip-address: 127.0.0.1@{port}
              username: ""
              chroot: ""
              zonesdir: "{folder}"
              database: ""
              pidfile: ""
              xfrdfile: "{folder}/xfrd.state"
              zonelistfile: "{folder}/zone.list"
              logfile: "{folder}/log"
              server-count: 1
              minimal-responses: no
              rrl-ratelimit: 0
              rrl-whitelist-ratelimit: 0
            remote-control:
              control-enable: no

            """;
        foreach (var (zone, text) in zones)
        {
            File.WriteAllText(Path.Combine(folder, zone), text);
            config += $"zone:\n  name: {zone}\n  zonefile: {zone}\n";
        }

        File.WriteAllText(Path.Combine(folder, "nsd.conf"), config);
        return StartAsync("nsd", ["-d", "-c", Path.Combine(folder, "nsd.conf")], folder, port, zones[0].Zone);
    }

    /// <summary>A recursive server that validates and asks <paramref name="authority"/> for the zones.</summary>
    public static Task<DnsDaemon> StartUnboundAsync(DnsDaemon authority, string trustAnchor, params string[] zones)
    {
        var (folder, port) = (NewFolder(), FreePort());
        File.WriteAllText(Path.Combine(folder, "anchor"), trustAnchor);
        var config = $"""
            server:
              interface: 127.0.0.1
              port: {port}
              do-daemonize: no
              username: ""
              chroot: ""
              directory: "{folder}"
              pidfile: ""
              use-syslog: no
              logfile: "{folder}/log"
              do-not-query-localhost: no
              num-threads: 1
              module-config: "validator iterator"
              trust-anchor-file: "{folder}/anchor"

            """;
        foreach (var zone in zones)
            config += $"stub-zone:\n  name: {zone}\n  stub-addr: 127.0.0.1@{authority.Port}\n";
        File.WriteAllText(Path.Combine(folder, "unbound.conf"), config);
        return StartAsync("unbound", ["-d", "-c", Path.Combine(folder, "unbound.conf")], folder, port, zones[0]);
    }

    /// <summary>A zone signed with a fresh key, and the key as a trust anchor.</summary>
    public static (string Signed, string Anchor) Sign(string zone, string text)
    {
        var folder = NewFolder();
        try
        {
            File.WriteAllText(Path.Combine(folder, "zone"), text);
            var key = Run("ldns-keygen", ["-a", "ECDSAP256SHA256", "-k", zone], folder).Trim();
            Run("ldns-signzone", ["-f", "signed", "zone", key], folder);
            return (File.ReadAllText(Path.Combine(folder, "signed")), File.ReadAllText(Path.Combine(folder, key + ".key")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<DnsDaemon> StartAsync(string program, string[] arguments, string folder, int port, string zone)
    {
        var daemon = new DnsDaemon(Start(program, arguments, folder), folder, port);
        try
        {
            await daemon.AnsweringAsync(zone);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    private static Process Start(string program, string[] arguments, string folder) => Process.Start(new ProcessStartInfo(RequiresProgramFactAttribute.Find(program)!, arguments)
    {
        WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true,
    })!;

    private static string Run(string program, string[] arguments, string folder)
    {
        using var process = Start(program, arguments, folder);
        var output = process.StandardOutput.ReadToEnd();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {error}");
        return output;
    }

    // Started is who answers; until then the port refuses, or the answer is a failure.
    private async Task AnsweringAsync(string zone)
    {
        var query = ScriptedQuery.Wire(DnsMessage.Query(1, zone, DnsRecordType.SOA));
        var buffer = new byte[4096];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            Assert.False(_process.HasExited, $"the server ended: {ReadLog()}");
            Assert.False(patience.IsCancellationRequested, $"the server does not answer: {ReadLog()}");
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            using var once = new CancellationTokenSource(100);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, Port);
                await socket.SendAsync(query);
                var length = await socket.ReceiveAsync(buffer, SocketFlags.None, once.Token);
                if (DnsMessageReader.TryRead(buffer.AsSpan(0, length), out var response) && response is { ResponseCode: DnsResponseCode.NoError, Answers.Count: > 0 })
                    return;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                await Task.Yield();
            }
        }
    }

    private string ReadLog() => File.Exists(Path.Combine(_folder, "log")) ? File.ReadAllText(Path.Combine(_folder, "log")) : "no log";

    private static string NewFolder() => Directory.CreateTempSubdirectory("agentmta-dns-").FullName;

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
