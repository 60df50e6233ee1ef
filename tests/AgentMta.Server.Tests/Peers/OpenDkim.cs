using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace AgentMta.Server.Tests.Peers;

/// <summary>Debian's opendkim in its test mode: files in, the header fields it would add out.</summary>
internal sealed partial class OpenDkim : IDisposable
{
    public const string Program = "/usr/sbin/opendkim";
    public const string TestMessage = "/usr/sbin/opendkim-testmsg";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("opendkim");

    public void Dispose() => _folder.Delete(recursive: true);

    public string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    /// <summary>The value of the one field that it would add to each message: its verdict (Mode v) or its signature (Mode s).</summary>
    public async Task<List<string>> RunAsync(string configuration, IReadOnlyList<byte[]> messages)
    {
        var conf = Write("conf", configuration + "\nSyslog no\nRequireSafeKeys no\n");
        var added = new List<string>();
        foreach (var part in messages.Select((m, i) => (Message: m, Index: i)).Chunk(100))
        {
            foreach (var (message, index) in part)
                await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, $"{index}.eml"), message);
            var (output, log) = await RunAsync(Program, ["-x", conf, "-v", "-v", "-t", string.Join(',', part.Select(p => Path.Combine(_folder.FullName, $"{p.Index}.eml")))], null);
            var fields = Added().Matches(output).Select(m => m.Groups["value"].Value).ToList();
            if (fields.Count != part.Length)
                throw new InvalidOperationException($"{fields.Count} fields for {part.Length} messages\n{output}\n{log}");
            added.AddRange(fields);
        }

        return added;
    }

    public static async Task<(string Output, string Log)> RunAsync(string program, IEnumerable<string> arguments, byte[]? input)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var log = process.StandardError.ReadToEndAsync();
        if (input is not null)
            await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        var result = (await output, await log);
        await process.WaitForExitAsync();
        return result;
    }

    [GeneratedRegex(@"### INSHEADER: idx=\d+ hname='[A-Za-z-]+' hvalue='(?<value>[^']*)'")]
    private static partial Regex Added();
}
