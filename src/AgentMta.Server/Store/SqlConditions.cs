using System.Text;

namespace AgentMta.Server.Store;

/// <summary>A WHERE clause built for the case at hand, so that no "or is null" keeps an index from use; the same case gives the same text and prepared statement.</summary>
internal sealed class SqlConditions
{
    private readonly StringBuilder _sql = new();
    private readonly List<object?> _values = [];

    /// <summary>The conditions, each with its AND in front.</summary>
    public string Sql => _sql.ToString();

    /// <summary>The values of @p1, @p2 ….</summary>
    public object?[] Values => [.. _values];

    /// <summary>Adds a value; returns its parameter.</summary>
    public string Value(object? value)
    {
        _values.Add(value);
        return "@p" + _values.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Adds a condition.</summary>
    public void And(string condition) => _sql.Append(" AND ").Append(condition);

    // LIKE folds the letters of ASCII alone; the functions has_text and has_text_in_list, which each engine has, fold all.

    /// <summary>A column holds this text somewhere, whatever the case of its letters.</summary>
    public void AndContains(string column, string text) => And(Contains(column, text));

    /// <summary>A column of a JSON list (or of an object's keys) has exactly this string.</summary>
    public void AndHas(string column, string text) => And(Has(column, text));

    /// <summary>A column of a JSON list has not this string.</summary>
    public void AndHasNot(string column, string text) => And(HasNot(column, text));

    /// <summary>That a column holds this text somewhere; NULL holds none.</summary>
    public string Contains(string column, string text) =>
        Ascii.IsValid(text) ? $"COALESCE({column} LIKE {Value($"%{EscapeLike(text)}%")} ESCAPE '!', 0)" : $"COALESCE(has_text({column}, {Value(text)}), 0)";

    /// <summary>That one of some columns that hold JSON lists has this text somewhere in an item.</summary>
    public string ListContains(string text, params IEnumerable<string> columns)
    {
        var isAscii = Ascii.IsValid(text);
        // As the text stands in JSON, where a quotation mark, for instance, is escaped.
        var value = Value(isAscii ? $"%{EscapeLike(StoreJson.Quote(text)[1..^1])}%" : text);
        return "(" + string.Join(" OR ", columns.Select(c => isAscii ? $"COALESCE({c} LIKE {value} ESCAPE '!', 0)" : $"COALESCE(has_text_in_list({c}, {value}), 0)")) + ")";
    }

    /// <summary>That a column of a JSON list (or of an object's keys) has exactly this string.</summary>
    public string Has(string column, string text) => $"{column} LIKE {Value(QuotedPattern(text))} ESCAPE '!'";

    /// <summary>That a column of a JSON list has not this string.</summary>
    public string HasNot(string column, string text) => $"{column} NOT LIKE {Value(QuotedPattern(text))} ESCAPE '!'";

    /// <summary>Rows behind this position in the order of (time, id).</summary>
    public void AndBehind(string time, string id, (long At, string Id)? position, bool ascending)
    {
        if (position is { } start)
            And($"({time}, {id}) {(ascending ? ">" : "<")} ({Value(start.At)}, {Value(start.Id)})");
    }

    private static string QuotedPattern(string text) => "%" + EscapeLike(StoreJson.Quote(text)) + "%";

    private static string EscapeLike(string text) =>
        text.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
}
