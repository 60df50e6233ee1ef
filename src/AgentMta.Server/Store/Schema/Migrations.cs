using System.Globalization;
using System.Reflection;

namespace AgentMta.Server.Store.Schema;

/// <summary>The numbered scripts that lead an empty database to the present schema, in order.</summary>
internal static class Migrations
{
    /// <summary>Number and text of each script.</summary>
    public static IReadOnlyList<(int Number, string Sql)> All { get; } = Load();

    private static List<(int Number, string Sql)> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.Contains(".Schema.", StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => (int.Parse(name.Split('.')[^2], CultureInfo.InvariantCulture), Read(assembly, name)))
            .OrderBy(script => script.Item1)];
    }

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
