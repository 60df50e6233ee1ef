using System.Diagnostics;

namespace AgentMta.Server.Tests.Support;

/// <summary>What a program said, standard output and error together, and how it ended.</summary>
internal sealed record ShellResult(int ExitCode, string Output, string StandardOutput);

/// <summary>Runs programs to their end, within a limit.</summary>
internal static class Shell
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>A command line as a person types it.</summary>
    public static Task<ShellResult> LineAsync(string line, string? folder = null) => RunAsync(folder, "sh", "-c", line);

    /// <summary>The server's own program with these arguments.</summary>
    public static Task<ShellResult> AgentMtaAsync(params string[] arguments) => RunAsync(null, "dotnet", [ServerProcess.Program, .. arguments]);

    /// <summary>A program by name or path.</summary>
    public static async Task<ShellResult> RunAsync(string? folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? Path.GetTempPath() };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync();
        return new ShellResult(process.ExitCode, await output + await errors, await output);
    }
}
