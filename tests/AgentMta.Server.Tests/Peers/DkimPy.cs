using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentMta.Server.Tests.Peers;

/// <summary>Debian's python3-dkim, asked many questions in one process: a JSON object a line in, one a line out.</summary>
internal static class DkimPy
{
    public const string Python = "/usr/bin/python3";
    public const string Module = "/usr/lib/python3/dist-packages/dkim";
    public const string Sodium = "/usr/lib/python3/dist-packages/nacl";

    private const string Script = """
        import sys, json, base64, logging
        import dkim
        logging.disable(logging.CRITICAL)

        def answer(q):
            message = base64.b64decode(q["message"])
            zone = {k.lower(): v.encode("latin-1") for k, v in q.get("zone", {}).items()}
            look = lambda name, timeout=5: zone.get((name.decode() if isinstance(name, bytes) else name).rstrip(".").lower())
            if q["op"] == "verify":
                results = []
                for index in range(q["count"]):
                    try:
                        results.append(bool(dkim.DKIM(message, minkey=1024).verify(idx=index, dnsfunc=look)))
                    except dkim.MessageFormatError as e:
                        return {"malformed": str(e)}
                    except Exception as e:
                        results.append(False)
                return {"results": results}
            if q["op"] == "sign":
                field = dkim.sign(message, q["selector"].encode(), q["domain"].encode(), q["key"].encode(), identity=None,
                    canonicalize=(q["header"].encode(), q["body"].encode()), signature_algorithm=q["algorithm"].encode(), length=q["length"])
                return {"fields": base64.b64encode(field).decode()}
            if q["op"] == "arc_verify":
                cv, results, reason = dkim.arc_verify(message, dnsfunc=look)
                return {"cv": cv.decode() if cv else "none", "reason": str(reason)}
            if q["op"] == "arc_sign":
                fields = dkim.ARC(message).sign(q["selector"].encode(), q["domain"].encode(), q["key"].encode(), q["srv_id"].encode())
                return {"fields": base64.b64encode(b"".join(fields)).decode()}

        for line in sys.stdin:
            try:
                out = answer(json.loads(line))
            except Exception as e:
                out = {"error": repr(e)}
            print(json.dumps(out), flush=True)
        """;

    public static async Task<List<JsonElement>> AskAsync(IEnumerable<JsonObject> questions)
    {
        var start = new ProcessStartInfo(Python) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Script);
        using var process = Process.Start(start)!;
        var answers = new List<JsonElement>();
        var writing = Task.Run(async () =>
        {
            foreach (var question in questions)
                await process.StandardInput.WriteLineAsync(question.ToJsonString());
            process.StandardInput.Close();
        });
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            answers.Add(JsonDocument.Parse(line).RootElement);
        await writing;
        await process.WaitForExitAsync();
        return answers;
    }

    public static byte[] Fields(JsonElement answer) =>
        answer.TryGetProperty("fields", out var fields) ? Convert.FromBase64String(fields.GetString()!) : throw new InvalidOperationException(answer.ToString());
}
