using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace AgentMta.Server.Tests;

/// <summary>Holds the layer table of docs/architecture.md, so that a look at the folders tells who may use whom.</summary>
public sealed partial class LayeringTests
{
    private const int LineCeiling = 600;

    private static readonly Dictionary<string, int> Rows = new()
    {
        ["Cli"] = 7,
        ["Hosting"] = 6,
        ["Api"] = 5,
        ["WebConsole"] = 5,
        ["Inbound"] = 4,
        ["Outbound"] = 4,
        ["Agents"] = 4,
        ["Webhooks"] = 4,
        ["Search"] = 4,
        ["Store"] = 3,
        ["Resolver"] = 3,
        ["Model"] = 2,
    };

    private static readonly string Root = FindRoot();

    [Fact]
    public void A_folder_uses_only_rows_below_it()
    {
        var faults = new List<string>();
        foreach (var file in Sources("src/AgentMta.Server"))
        {
            var folder = Folder(file, "src/AgentMta.Server");
            if (folder is null)
                continue;
            Assert.True(Rows.TryGetValue(folder, out var row), $"{file}: folder '{folder}' is not in the layer table");
            var text = StripComments(File.ReadAllText(Path.Combine(Root, file)));
            foreach (var (other, otherRow) in Rows)
            {
                if (other != folder && otherRow >= row && Regex.IsMatch(text, $@"(AgentMta\.Server\.{other}\b)|((?<![\w.""]){other}\.[A-Z]\w*\.)"))
                    faults.Add($"{file} (row {row}) uses {other} (row {otherRow})");
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public void Only_the_store_names_a_database_library()
    {
        var faults = Sources("src").Where(f => Folder(f, "src/AgentMta.Server") != "Store")
            .Where(f => DatabaseName().IsMatch(StripComments(File.ReadAllText(Path.Combine(Root, f))))).ToList();
        Assert.Empty(faults);
    }

    [Fact]
    public void No_source_file_is_longer_than_the_ceiling()
    {
        var faults = Sources("src").Concat(Sources("tests")).Concat(Sources("bench"))
            .Select(f => (File: f, Lines: File.ReadLines(Path.Combine(Root, f)).Count()))
            .Where(f => f.Lines > LineCeiling).Select(f => $"{f.File}: {f.Lines} lines").ToList();
        Assert.Empty(faults);
    }

    [Fact]
    public void No_source_file_lies_in_a_project_root_but_Program()
    {
        var faults = Sources("src").Where(f => f.Split('/').Length == 3 && !f.EndsWith("/Program.cs", StringComparison.Ordinal)).ToList();
        Assert.Empty(faults);
    }

    [Fact]
    public void Protocol_has_no_sockets_files_clock_database_or_logging()
    {
        var faults = Sources("src/AgentMta.Protocol")
            .Select(f => (File: f, Hit: Impure().Match(StripComments(File.ReadAllText(Path.Combine(Root, f))))))
            .Where(f => f.Hit.Success).Select(f => $"{f.File}: {f.Hit.Value}").ToList();
        Assert.Empty(faults);
    }

    [Fact]
    public void Protocol_has_no_package_but_AngleSharp_and_uses_it_only_for_html_and_replies()
    {
        var project = XDocument.Load(Path.Combine(Root, "src/AgentMta.Protocol/AgentMta.Protocol.csproj"));
        Assert.Equal(["AngleSharp"], project.Descendants("PackageReference").Select(p => p.Attribute("Include")!.Value));
        Assert.Empty(project.Descendants("ProjectReference"));
        var faults = Sources("src/AgentMta.Protocol").Where(f => Folder(f, "src/AgentMta.Protocol") is not ("Html" or "Replies"))
            .Where(f => StripComments(File.ReadAllText(Path.Combine(Root, f))).Contains("AngleSharp", StringComparison.Ordinal)).ToList();
        Assert.Empty(faults);
    }

    [Fact]
    public void Folder_and_file_names_say_what_is_inside()
    {
        var faults = Sources("src").Where(f => Vague().IsMatch(f)).ToList();
        Assert.Empty(faults);
    }

    [Fact]
    public void There_are_fewer_than_ten_interfaces()
    {
        var interfaces = Sources("src").Where(f => Interface().IsMatch(StripComments(File.ReadAllText(Path.Combine(Root, f))))).ToList();
        Assert.True(interfaces.Count < 10, string.Join(", ", interfaces));
    }

    private static IEnumerable<string> Sources(string under) =>
        !Directory.Exists(Path.Combine(Root, under)) ? [] :
        Directory.EnumerateFiles(Path.Combine(Root, under), "*.cs", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static string? Folder(string file, string project)
    {
        if (!file.StartsWith(project + "/", StringComparison.Ordinal))
            return null;
        var rest = file[(project.Length + 1)..].Split('/');
        return rest.Length > 1 ? rest[0] : null;
    }

    private static string StripComments(string text) => Comment().Replace(text, "");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AgentMta.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("AgentMta.sln not found above " + AppContext.BaseDirectory);
    }

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"System\.Data\b|\bNpgsql\b|Microsoft\.Data\.Sqlite|\bSQLitePCL|\bSqliteConnection\b|\busing Dapper\b")]
    private static partial Regex DatabaseName();

    [GeneratedRegex(@"System\.Net\.Sockets\.(?!AddressFamily)\w+|\bSocket\(|\bTcpClient\b|\bUdpClient\b|\bHttpClient\b|\bFile\.(?!Name)[A-Z]\w+\(|\bFileStream\b|\bDirectory\.[A-Z]\w+\(|DateTime(Offset)?\.(Utc)?Now|DateTime\.Today|\bTimeProvider\.System\b|\bStopwatch\.|Environment\.TickCount|\bILogger\b|Microsoft\.Extensions|System\.Data\b")]
    private static partial Regex Impure();

    [GeneratedRegex(@"(Common|Core|Utils?|Helpers?|Manager|Infrastructure)(/|\.cs$)")]
    private static partial Regex Vague();

    [GeneratedRegex(@"^\s*(public |internal |private |file )*(unsafe |partial )*interface\s+I", RegexOptions.Multiline)]
    private static partial Regex Interface();
}
