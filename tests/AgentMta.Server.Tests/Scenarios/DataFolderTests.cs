using System.Text.RegularExpressions;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>docs/data-folder.md says of every file what it is and what a backup without it lacks.</summary>
public sealed partial class DataFolderTests
{
    [Fact]
    public async Task Every_file_that_a_server_makes_is_in_the_page()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "data-folder.md"));
        var named = Row().Matches(page).SelectMany(row => Name().Matches(row.Groups[1].Value)).Select(name => name.Groups[1].Value.TrimEnd('/')).ToHashSet(StringComparer.Ordinal);
        await using var server = await ServerProcess.StartAsync();
        var mail = "From: Ann <ann@sender.test>\nTo: agent@agentmta.test\nSubject: Large\nMessage-ID: <large@sender.test>\n\n" + string.Concat(Enumerable.Repeat("More than fits into the database.\n", 4000));
        await PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", "agent@agentmta.test", mail);

        var made = Directory.EnumerateFileSystemEntries(server.Data).Select(path => Path.GetFileName(path)).ToList();

        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(server.Data, "raws"), "*", SearchOption.AllDirectories));
        Assert.DoesNotContain(made, name => !named.Contains(name));
        foreach (var name in new[] { "agentmta.db", "agentmta.db-wal", "agentmta.db-arrivals", "master.key", "raws", "evidence.db", "search.db", "api-key", "server.json", "tls", "lock" })
            Assert.Contains(name, made);
    }

    [Fact]
    public async Task A_copy_of_the_stopped_folder_is_the_server_again_without_what_may_be_left_out()
    {
        await using var server = await ServerProcess.StartAsync();
        await PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", "agent@agentmta.test", "From: Ann <ann@sender.test>\nTo: agent@agentmta.test\nSubject: Kept words\nMessage-ID: <kept@sender.test>\n\nHello.\n");
        Assert.Equal(0, await server.StopAsync());
        foreach (var name in new[] { "evidence.db", "search.db", "tls", "lock", "server.json" })
        {
            foreach (var path in Directory.GetFileSystemEntries(server.Data, name + "*"))
            {
                if (Directory.Exists(path))
                    Directory.Delete(path, recursive: true);
                else
                    File.Delete(path);
            }
        }

        await server.StartAgainAsync();
        using var api = server.Client();
        Assert.Contains("kept@sender.test", await api.GetStringAsync(new Uri("/v0/inboxes/agent%40agentmta.test/messages", UriKind.Relative)), StringComparison.Ordinal);
        // The search index fills itself again.
        await Eventually.TrueAsync(
            async () => (await api.GetStringAsync(new Uri("/v0/inboxes/agent%40agentmta.test/messages/search?q=kept", UriKind.Relative))).Contains("kept@sender.test", StringComparison.Ordinal), () => server.Output);
    }

    [GeneratedRegex(@"^\| (`[^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}
