using System.Data.Common;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <summary>A page of a list, and the sort values behind which the next one starts; null at the end.</summary>
internal sealed record Listing<T>(List<T> Rows, IReadOnlyList<string>? Next);

/// <summary>
/// Reads a page row by row in the order of an index: some filters (texts, further labels) no index knows. It stops as soon as the page is full and one more
/// row is seen, and at the latest after <see cref="Most"/> rows; the page is short then, and goes on from there.
/// </summary>
internal sealed class ListScan
{
    /// <summary>So many rows a page looks at.</summary>
    public const int Most = 2000;

    /// <summary>A page of rows that are weighed ends behind so many octets.</summary>
    public const long MostWeight = 8 * 1024 * 1024;

    private readonly SqlConditions _where = new();
    private readonly List<string> _fits = [];

    /// <summary>Conditions that the index serves.</summary>
    public SqlConditions Where => _where;

    /// <summary>A condition that rows are looked at for, one by one.</summary>
    public void Fit(string condition) => _fits.Add(condition);

    /// <summary>The page; the statement lists columns (and table), conditions and order without a limit.</summary>
    /// <param name="from">What follows FROM.</param>
    /// <param name="order">The sort columns: what a position is made of.</param>
    /// <param name="keep">A filter that SQL does not know.</param>
    /// <param name="weigh">Octets of a row that may be large.</param>
    public Listing<T> Read<T>(
        StoreSession session, Scope scope, string columns, string from, string conditions, IReadOnlyList<string> order, bool ascending, int limit, Func<DbDataReader, T> read, Func<T, bool>? keep = null,
        Func<T, long>? weigh = null)
    {
        var direction = ascending ? " ASC" : " DESC";
        var sql = $"""
            SELECT {columns}, {string.Join(", ", order)}, ({(_fits.Count == 0 ? "1" : string.Join(" AND ", _fits))}) FROM {from}
            WHERE {conditions}{_where.Sql} ORDER BY {string.Join(", ", order.Select(c => c + direction))} LIMIT {_where.Value(Most + 1)}
            """;
        return session.Walk(scope, sql, row => Page(row, order.Count, limit, read, keep, weigh), _where.Values);
    }

    private static Listing<T> Page<T>(DbDataReader row, int keys, int limit, Func<DbDataReader, T> read, Func<T, bool>? keep, Func<T, long>? weigh)
    {
        var rows = new List<T>();
        IReadOnlyList<string>? full = null;
        var weight = 0L;
        for (var seen = 1; row.Read(); seen++)
        {
            if (row.GetInt64(row.FieldCount - 1) != 0 && read(row) is var item && (keep is null || keep(item)))
            {
                if (full is not null)
                    return new Listing<T>(rows, full);
                rows.Add(item);
                weight += weigh?.Invoke(item) ?? 0;
                if (rows.Count == limit || weight > MostWeight)
                    full = Position(row, keys);
            }

            if (seen == Most)
            {
                var last = full ?? Position(row, keys);
                return new Listing<T>(rows, row.Read() ? last : null);
            }
        }

        return new Listing<T>(rows, null);
    }

    private static string[] Position(DbDataReader row, int keys) =>
        [.. Enumerable.Range(row.FieldCount - 1 - keys, keys).Select(i => Convert.ToString(row.GetValue(i), System.Globalization.CultureInfo.InvariantCulture)!)];
}
