using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class ThreadingCorpusTests
{
    [SmtpVectorsFact]
    public async Task The_published_threads_come_out_whole()
    {
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(SmtpVectorsFactAttribute.Corpora()!, "threading", "manifest.json")));
        var faults = new List<string>();
        var cases = 0;
        foreach (var one in manifest.RootElement.GetProperty("cases").EnumerateArray())
        {
            cases++;
            faults.AddRange(await FaultsAsync(one));
        }

        Assert.True(cases > 0);
        Assert.Empty(faults);
    }

    private static async Task<List<string>> FaultsAsync(JsonElement one)
    {
        await using var server = await TestReceiver.OpenAsync();
        var ids = new List<string>();
        foreach (var message in one.GetProperty("messages").EnumerateArray())
        {
            var id = Whole(message.GetProperty("message_id").GetString()!);
            ids.Add(id);
            var references = message.TryGetProperty("references", out var list) ? list.EnumerateArray().Select(r => Whole(r.GetString()!)).ToList() : [];
            var reply = await server.AcceptAsync(TestReceiver.Mail(
                id: id, subject: message.GetProperty("subject").GetString() ?? "", headers: references.Count == 0 ? null : $"References: {string.Join(' ', references)}\n"));
            Assert.Equal(250, reply.Code);
        }

        var name = one.GetProperty("name").GetString();
        var faults = new List<string>();
        var stored = await server.MessagesAsync();
        var home = stored.GroupBy(m => m.MessageId).ToDictionary(g => g.Key, g => g.Select(m => m.ThreadId).Distinct().Single());
        foreach (var id in ids.Where(id => !home.ContainsKey(id)))
            faults.Add($"{name}: {id} is lost");
        foreach (var group in Groups(one))
        {
            if (group.Select(id => home.GetValueOrDefault(id)).Distinct().Count() != 1)
                faults.Add($"{name}: {string.Join(' ', group)} are not in one thread");
        }

        return faults;
    }

    private static IEnumerable<List<string>> Groups(JsonElement one)
    {
        if (one.TryGetProperty("same_thread", out var same) && same.ValueKind == JsonValueKind.Array)
        {
            foreach (var group in same.EnumerateArray())
                yield return [.. group.EnumerateArray().Select(id => Whole(id.GetString()!))];
        }

        if (!one.TryGetProperty("parents", out var parents) || parents.ValueKind != JsonValueKind.Object)
            yield break;
        foreach (var child in parents.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.String))
            yield return [Whole(child.Name), Whole(child.Value.GetString()!)];
    }

    private static string Whole(string id) => id.Contains('@', StringComparison.Ordinal) ? id : $"<{id.Trim('<', '>')}@t.test>";
}
