using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>
/// The words of a document as FTS5 gets them: folded, parted by spaces, each with a sign in front for where it stands. So the subject's "order" is another word than
/// the text's, and a search in subjects reads nothing of all the texts that have it.
/// </summary>
/// <param name="Names">The different words of addresses and names, without the sign.</param>
internal sealed record SearchRow(string Words, IReadOnlyCollection<string> Names)
{
    /// <summary>The signs are punctuation above ASCII: part of a word to FTS5, and of none that a query has.</summary>
    public const string InSubject = "\u00a7";
    public const string InNames = "\u00b6";
    public const string InScope = "\u00a4";
    public const string InText = "";

    // Between values, so that no phrase reaches from one into the next.
    private const string Gap = " \u00b7";

    /// <summary>The row of these fields; the same fields give the same row.</summary>
    public static SearchRow Of(SearchFields fields, string scope)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var row = new StringBuilder();
        foreach (var word in scope.Split(' '))
            row.Append(" " + InScope).Append(word);
        Add(row, fields.Subject, InSubject, null);
        Add(row, fields.From, InNames, names);
        foreach (var recipient in fields.Recipients)
            Add(row, recipient, InNames, names);
        foreach (var attachment in fields.Attachments)
            Add(row, attachment, InText, null);
        Add(row, fields.Text, InText, null);
        return new SearchRow(row.ToString(), names);
    }

    private static void Add(StringBuilder row, string value, string place, HashSet<string>? names)
    {
        row.Append(Gap);
        foreach (var word in SearchWords.Of(value))
        {
            row.Append(' ').Append(place).Append(word.Token);
            names?.Add(word.Token);
        }
    }
}
