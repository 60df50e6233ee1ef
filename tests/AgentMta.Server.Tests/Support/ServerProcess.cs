using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace AgentMta.Server.Tests.Support;

/// <summary>The real program as a process of its own, on free loopback ports, with a data folder that outlives it.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly List<string> _output = [];
    private Process? _process;

    private ServerProcess(string folder, string[] arguments)
    {
        Folder = folder;
        Arguments = arguments;
    }

    public string Folder { get; }

    public string[] Arguments { get; }

    public string Data => Path.Combine(Folder, "data");

    public IPEndPoint Smtp { get; private set; } = new(IPAddress.Loopback, 0);

    public IPEndPoint Submission { get; private set; } = new(IPAddress.Loopback, 0);

    public IPEndPoint Http { get; private set; } = new(IPAddress.Loopback, 0);

    public int Id => _process?.Id ?? throw new InvalidOperationException("The server does not run.");

    public string ApiKey => File.ReadAllText(Path.Combine(Data, "api-key")).Trim();

    /// <summary>What the process printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output);
        }
    }

    /// <summary>The path of the built program beside the tests.</summary>
    public static string Program => Path.Combine(AppContext.BaseDirectory, "agentmta.dll");

    public static async Task<ServerProcess> StartAsync(params string[] arguments)
    {
        var server = new ServerProcess(Directory.CreateTempSubdirectory("agentmta-run-").FullName, arguments);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts on the same data folder, after a stop or a kill.</summary>
    public async Task StartAgainAsync(params string[] prefix)
    {
        string[] command =
        [
            .. prefix, Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : "dotnet", Program, "serve", "--data", Data, "--smtp", "127.0.0.1:0", "--submission", "127.0.0.1:0",
            "--http", "127.0.0.1:0", .. Arguments,
        ];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        var ready = new TaskCompletionSource<Match>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data, ready);
        _process.ErrorDataReceived += (_, line) => Take(line.Data, ready);
        _process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException("The server ended before it was up:\n" + Output));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var bound = await ready.Task.WaitAsync(StartLimit);
        Smtp = IPEndPoint.Parse(bound.Groups[1].Value);
        Submission = IPEndPoint.Parse(bound.Groups[2].Value);
        Http = IPEndPoint.Parse(bound.Groups[3].Value);
    }

    /// <summary>SIGKILL: nothing is finished, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await _process!.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(35));
        return _process.ExitCode;
    }

    /// <summary>A client of the HTTP API with the first start's key.</summary>
    public HttpClient Client()
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://{Http}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
        return client;
    }

    /// <summary>A connection to the MX listener.</summary>
    public async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(Smtp);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            await KillAsync();
        _process?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private void Take(string? line, TaskCompletionSource<Match> ready)
    {
        if (line is null)
            return;
        lock (_output)
            _output.Add(line);
        if (Bound().Match(line) is { Success: true } match)
            ready.TrySetResult(match);
    }

    [GeneratedRegex(@"SMTP \(MX\) (\S+)\s+submission (\S+)\s+HTTP (\S+)")]
    private static partial Regex Bound();
}
