using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>The functions that portable SQL asks of each engine and SQLite has not: its LIKE knows the case of ASCII letters alone.</summary>
internal static class SqliteFunctions
{
    /// <summary>Makes them known to a connection.</summary>
    public static void AddTo(SqliteConnection connection)
    {
        connection.CreateFunction<string?, string, bool>("has_text", Has, isDeterministic: true);
        connection.CreateFunction<string?, string, bool>("has_text_in_list", HasInList, isDeterministic: true);
    }

    private static bool Has(string? column, string text) => column?.Contains(text, StringComparison.OrdinalIgnoreCase) == true;

    private static bool HasInList(string? column, string text)
    {
        try
        {
            return StoreJson.ReadList(column).Exists(one => Has(one, text));
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
