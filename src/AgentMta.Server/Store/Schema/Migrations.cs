using System.Globalization;
using System.Reflection;

namespace AgentMta.Server.Store.Schema;

/// <summary>The numbered scripts that lead an empty database to the present schema, in order.</summary>
internal static class Migrations
{
    private const string Folder = "AgentMta.Server.Store.Schema.";

    /// <summary>Number and text of each script of the database of mail.</summary>
    public static IReadOnlyList<(int Number, string Sql)> All { get; } = Load(Folder);

    /// <summary>The same for the database of refusals.</summary>
    public static IReadOnlyList<(int Number, string Sql)> Evidence { get; } = Load(Folder + "Evidence.");

    /// <summary>The same for the search index.</summary>
    public static IReadOnlyList<(int Number, string Sql)> Search { get; } = Load(Folder + "Search.");

    private static List<(int Number, string Sql)> Load(string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(folder, StringComparison.Ordinal) && name.AsSpan(folder.Length).Count('.') == 1)
            .Select(name => (int.Parse(name.Split('.')[^2], CultureInfo.InvariantCulture), Read(assembly, name)))
            .OrderBy(script => script.Item1)];
    }

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
