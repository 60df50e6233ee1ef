using System.CommandLine;
using AgentMta.Protocol.Mime;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta inspect</c>: shows messages as this server understands them, without a server.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH") { Description = "Message files, directories of them, or - for standard input.", Arity = ArgumentArity.OneOrMore };
        var json = new Option<bool>("--json") { Description = "One JSON object a line instead of text." };
        var command = new Command("inspect", "Print messages as this server understands them.") { paths, json };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(paths)!, parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string[] paths, bool json, CancellationToken cancel)
    {
        var failed = false;
        await using var output = new BufferedStream(Console.OpenStandardOutput(), 64 * 1024);
        foreach (var path in paths)
        {
            foreach (var file in Files(path))
            {
                cancel.ThrowIfCancellationRequested();
                try
                {
                    var raw = file == "-" ? await ReadInputAsync(cancel) : await File.ReadAllBytesAsync(file, cancel);
                    var message = MimeMessage.Parse(raw);
                    if (json)
                        InspectWriter.WriteJson(output, file, message);
                    else
                        await InspectWriter.WriteTextAsync(output, file, message, cancel);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    await Console.Error.WriteLineAsync($"agentmta: {file}: {e.Message}".AsMemory(), cancel);
                    failed = true;
                }
            }
        }

        await output.FlushAsync(cancel);
        return failed ? 1 : 0;
    }

    private static IEnumerable<string> Files(string path) => Directory.Exists(path)
        ? Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
        : [path];

    private static async Task<byte[]> ReadInputAsync(CancellationToken cancel)
    {
        await using var input = Console.OpenStandardInput();
        using var copy = new MemoryStream();
        await input.CopyToAsync(copy, cancel);
        return copy.ToArray();
    }
}
