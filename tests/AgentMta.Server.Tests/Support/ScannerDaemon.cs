using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace AgentMta.Server.Tests.Support;

/// <summary>Debian's clamd or rspamd as a child of the test: a folder, a database and rules of its own, loopback alone.</summary>
internal sealed class ScannerDaemon : IAsyncDisposable
{
    /// <summary>What every virus scanner takes for a virus, by agreement (eicar.org).</summary>
    public const string Eicar = @"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

    /// <summary>What rspamd wants refused by agreement.</summary>
    public const string Gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

    private readonly string _folder;
    private readonly string _program;
    private readonly string[] _arguments;
    private readonly List<string> _output = [];
    private Process _process = null!;

    private ScannerDaemon(string folder, int port, string program, params string[] arguments) => (_folder, Port, _program, _arguments) = (folder, port, program, arguments);

    public int Port { get; }

    /// <summary>HOST:PORT.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>clamd's unix socket.</summary>
    public string UnixSocket => Path.Combine(_folder, "clamd.sock");

    public bool HasEnded => _process.HasExited;

    private string Log
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output);
        }
    }

    /// <summary>clamd with a database of one signature, and 1 MiB as the longest stream.</summary>
    public static async Task<ScannerDaemon> ClamdAsync()
    {
        var (folder, port) = (NewFolder(), PostfixServer.FreePort());
        Directory.CreateDirectory(Path.Combine(folder, "db"));
        await File.WriteAllTextAsync(Path.Combine(folder, "db", "eicar.ndb"), $"Eicar-Test-Signature:0:*:{Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(Eicar))}\n");
        await File.WriteAllTextAsync(
            Path.Combine(folder, "clamd.conf"),
            $"Foreground yes\nDatabaseDirectory {folder}/db\nTemporaryDirectory {folder}\nLocalSocket {folder}/clamd.sock\nTCPSocket {port}\nTCPAddr 127.0.0.1\nStreamMaxLength 1M\nMaxThreads 4\n");
        return await StartedAsync(new ScannerDaemon(folder, port, "clamd", "-c", Path.Combine(folder, "clamd.conf")));
    }

    /// <summary>
    /// rspamd with Debian's own rules, without the modules that ask the network or Redis. It takes the action from a field X-Test-Action where there is one: GTUBE, which is built in,
    /// knows only refusal, and which rule adds up to what changes between versions.
    /// </summary>
    public static async Task<ScannerDaemon> RspamdAsync()
    {
        var (folder, port) = (NewFolder(), PostfixServer.FreePort());
        var local = Directory.CreateDirectory(Path.Combine(folder, "local.d")).FullName;
        foreach (var name in new[] { "override.d", "db", "run", "log" })
            Directory.CreateDirectory(Path.Combine(folder, name));
        await File.WriteAllTextAsync(Path.Combine(local, "options.inc"), $"filters = \"chartable,regexp\";\ndns {{ nameserver = [\"127.0.0.1:{PostfixServer.FreePort()}\"]; timeout = 100ms; retransmits = 1; }}\n");
        await File.WriteAllTextAsync(Path.Combine(local, "worker-normal.inc"), $"bind_socket = \"127.0.0.1:{port}\";\ncount = 1;\n");
        await File.WriteAllTextAsync(Path.Combine(local, "logging.inc"), "type = \"console\";\nlevel = \"warning\";\n");
        foreach (var worker in new[] { "controller", "proxy", "fuzzy" })
            await File.WriteAllTextAsync(Path.Combine(local, $"worker-{worker}.inc"), "enabled = false;\n");
        foreach (var module in "rbl surbl spf dkim arc dmarc asn fuzzy_check phishing url_redirector greylist history_redis ratelimit replies neural bimi mx_check external_relay".Split(' '))
            await File.WriteAllTextAsync(Path.Combine(local, module + ".conf"), "enabled = false;\n");
        await File.WriteAllTextAsync(
            Path.Combine(folder, "rspamd.local.lua"),
            """
            rspamd_config:register_symbol({ name = 'TEST_ACTION', type = 'prefilter', priority = 10, callback = function(task)
              local action = task:get_header('X-Test-Action')
              if action then task:set_pre_result(action, 'The test asked for it') end
            end })
            """);
        return await StartedAsync(new ScannerDaemon(
            folder, port, "rspamd", "-i", "-f", "-c", "/etc/rspamd/rspamd.conf", $"--var=DBDIR={folder}/db", $"--var=RUNDIR={folder}/run", $"--var=LOGDIR={folder}/log", $"--var=LOCAL_CONFDIR={folder}"));
    }

    /// <summary>SIGSTOP: it still listens, and says nothing more. rspamd's workers are children: they are stopped too.</summary>
    public async Task FreezeAsync()
    {
        var parent = _process.Id.ToString(CultureInfo.InvariantCulture);
        var children = await File.ReadAllTextAsync($"/proc/{parent}/task/{parent}/children");
        await PostfixServer.RunAsync("kill", ["-STOP", parent, .. children.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
    }

    /// <summary>Once a message has reached it: connections come to be without it.</summary>
    public Task ConnectedAsync() => Eventually.TrueAsync(
        () => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections().Any(c => c.State == TcpState.Established && c.RemoteEndPoint.Port == Port && IPAddress.IsLoopback(c.RemoteEndPoint.Address)),
        () => Log);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>Starts it again on the same port.</summary>
    public async Task StartAgainAsync()
    {
        _process?.Dispose();
        var start = new ProcessStartInfo(RequiresProgramFactAttribute.Find(_program)!, _arguments) { WorkingDirectory = _folder, RedirectStandardError = true, RedirectStandardOutput = true };
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Eventually.TrueAsync(async () => await AnswersAsync() || (_process.HasExited ? throw new InvalidOperationException(Log) : false), () => Log);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<ScannerDaemon> StartedAsync(ScannerDaemon daemon)
    {
        try
        {
            await daemon.StartAgainAsync();
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    // A worker that listens may still load its rules: up is who answers.
    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            var stream = client.GetStream();
            await stream.WriteAsync(_program == "clamd" ? "zPING\0"u8.ToArray() : "GET /ping HTTP/1.0\r\n\r\n"u8.ToArray());
            return await new StreamReader(stream).ReadToEndAsync() is { Length: > 0 } answer && answer.Contains("PONG", StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    private static string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("agentmta-scan-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        return folder;
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.Add(line);
    }
}
