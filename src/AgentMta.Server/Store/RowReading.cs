using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>Reads columns that may be NULL.</summary>
internal static class RowReading
{
    /// <summary>A text column; null for NULL.</summary>
    public static string? Text(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>An integer column; null for NULL.</summary>
    public static long? Integer(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    /// <summary>An octet column; null for NULL.</summary>
    public static byte[]? Octets(this DbDataReader row, int column) => row.IsDBNull(column) ? null : (byte[])row.GetValue(column);

    /// <summary>A time column; null for NULL.</summary>
    public static DateTimeOffset? Time(this DbDataReader row, int column) => row.IsDBNull(column) ? null : Clock.FromMicros(row.GetInt64(column));
}
