using System.Security.Cryptography;
using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>Writes a query as FTS5 takes it, rank by rank. Only folded words get into it, each in quotes, so that nothing a user wrote is syntax.</summary>
internal sealed class SearchMatch : SearchPlan
{
    // A beginning stands for so many words at most: the most used of the first that it might be.
    private const int MaximumExpansions = 64;
    private const int MaximumExpansionsOfAll = 256;
    private const int ExpansionsLookedAt = 2000;

    private readonly string _scope;
    private readonly string _subject;
    private readonly string _names;
    private readonly string _anywhere;

    /// <param name="session">Of the index: beginnings are completed from its words.</param>
    public SearchMatch(StoreSession session, Scope scope, SearchQuery query)
    {
        _scope = Phrase([Place(scope)], SearchRow.InScope);
        var left = MaximumExpansionsOfAll;
        var (subject, names, anywhere) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var term in query.Terms)
        {
            var completed = Complete(session, scope.WorkspaceId, term, Math.Min(left, MaximumExpansions));
            left -= completed.Count;
            var inSubject = Phrase(term.Words, SearchRow.InSubject);
            var inNames = string.Join(" OR ", completed.Prepend(Phrase(term.Words, SearchRow.InNames)));
            subject.Add(inSubject);
            names.Add($"({inNames})");
            anywhere.Add($"({Phrase(term.Words, SearchRow.InText)} OR {inSubject} OR {inNames})");
        }

        _subject = All(subject);
        _names = All(names);
        _anywhere = All(anywhere);
    }

    /// <summary>The expression of a rank: what it asks for, without what an earlier one has.</summary>
    public string OfRank(int rank) => rank switch
    {
        0 => $"{_scope} AND {_subject}",
        1 => $"{_scope} AND ({_names} NOT {_subject})",
        _ => $"{_scope} AND (({_anywhere} NOT {_subject}) NOT {_names})",
    };

    /// <summary>The words by which a document is found at root, pod and inbox.</summary>
    public static string Places(string workspaceId, string podId, string inboxId) => string.Join(' ', Word('w', workspaceId), Word('p', podId), Word('i', inboxId));

    private static string Place(Scope scope) =>
        scope.InboxId is { } inbox ? Word('i', inbox) : scope.PodId is { } pod ? Word('p', pod) : Word('w', scope.WorkspaceId);

    // The store looks at the scope again (promise 6): two ids with one hash would cost time, and show nothing.
    private static string Word(char kind, string id) => kind + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 8));

    private static string Phrase(IEnumerable<string> words, string place) => $"\"{string.Join(' ', words.Select(w => place + w))}\"";

    private static string All(List<string> terms) => terms.Count == 1 ? $"({terms[0]})" : $"({string.Join(" AND ", terms)})";

    private static List<string> Complete(StoreSession session, string workspaceId, SearchTerm term, int limit)
    {
        if (term.Prefix is not { } prefix || limit <= 0)
            return [];
        var words = session.Query(
            """
            SELECT word FROM (SELECT word, uses FROM name_words WHERE workspace_id = @p1 AND word > @p2 AND word < @p3 ORDER BY word LIMIT @p4) ORDER BY uses DESC, word LIMIT @p5
            """,
            row => row.GetString(0), workspaceId, prefix, prefix + char.ConvertFromUtf32(LastCharacter), ExpansionsLookedAt, limit);
        return words.ConvertAll(word => Phrase([.. term.Words.SkipLast(1), word], SearchRow.InNames));
    }

    // Sorts behind every character of a word.
    private const int LastCharacter = 0x10FFFF;
}
