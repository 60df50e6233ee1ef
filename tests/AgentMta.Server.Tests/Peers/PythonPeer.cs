using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentMta.Server.Tests.Peers;

/// <summary>An independent implementation in Debian's Python, asked many questions in one process: a JSON object a line in, one a line out.</summary>
internal static class PythonPeer
{
    public const string Python = "/usr/bin/python3";

    /// <summary>Answers of <c>answer(q)</c>, which the script defines, in the order of the questions; <c>{"error": …}</c> where it throws.</summary>
    public static async Task<List<JsonElement>> AskAsync(string script, IReadOnlyCollection<JsonObject> questions)
    {
        const string loop =
            """

            import sys, json
            for line in sys.stdin:
                try:
                    out = answer(json.loads(line))
                except Exception as e:
                    out = {"error": repr(e)}
                print(json.dumps(out), flush=True)
            """;
        var start = new ProcessStartInfo(Python) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-W");
        start.ArgumentList.Add("ignore");
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script + loop);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var writing = Task.Run(async () =>
        {
            foreach (var question in questions)
                await process.StandardInput.WriteLineAsync(question.ToJsonString());
            process.StandardInput.Close();
        });
        var answers = new List<JsonElement>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            answers.Add(JsonDocument.Parse(line).RootElement);
        await writing;
        await process.WaitForExitAsync();
        Assert.True(answers.Count == questions.Count, await errors);
        return answers;
    }
}
