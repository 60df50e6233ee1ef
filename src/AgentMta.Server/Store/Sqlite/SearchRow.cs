using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>The words of a document as FTS5 gets them: column by column, folded, parted by spaces.</summary>
/// <param name="Names">The different words of addresses and names.</param>
internal sealed record SearchRow(string Subject, string Sender, string Recipients, string Attachments, string Body, string Scope, IReadOnlyCollection<string> Names)
{
    // Between values, so that no phrase reaches from one into the next: to the index a word, but one that no query has, since those hold no punctuation.
    private const string Gap = " \u00b7 ";

    /// <summary>The row of these fields; the same fields give the same row.</summary>
    public static SearchRow Of(SearchFields fields, string scope)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        return new SearchRow(
            Words([fields.Subject], null), Words([fields.From], names), Words(fields.Recipients, names), Words(fields.Attachments, null), Words([fields.Text], null), scope, names);
    }

    private static string Words(IReadOnlyList<string> values, HashSet<string>? names)
    {
        var row = new StringBuilder();
        foreach (var value in values)
        {
            if (row.Length > 0)
                row.Append(Gap);
            foreach (var word in SearchWords.Of(value))
            {
                row.Append(' ').Append(word.Token);
                names?.Add(word.Token);
            }
        }

        return row.ToString();
    }
}
