namespace AgentMta.Server.Model;

/// <summary>What an inbox knows under a Message-ID.</summary>
/// <param name="ThreadId">The thread that it belongs to.</param>
/// <param name="IsMessage">A message that came or went, also a deleted one; false for an id that was only referred to so far.</param>
internal sealed record KnownId(string ThreadId, bool IsMessage);

/// <summary>Where a message belongs.</summary>
/// <param name="ThreadId">Its thread; null where none is known.</param>
/// <param name="Merge">Threads that the message shows to be the same as that one.</param>
/// <param name="Unknown">Ids that it refers to and nobody knows yet: a late parent must find this thread under them.</param>
internal sealed record ThreadPlacement(string? ThreadId, IReadOnlyList<string> Merge, IReadOnlyList<string> Unknown);

/// <summary>The rules of threads within one inbox: references first, from the newest; the subject only as a last resort.</summary>
internal static class ThreadRules
{
    /// <summary>So many references are looked at, the newest ones, and the first: a thread of any length costs the same at each message.</summary>
    public const int MaximumReferences = 50;

    /// <summary>So old may the newest message of a thread be that is found by its subject.</summary>
    public static readonly TimeSpan SubjectWindow = TimeSpan.FromDays(30);

    /// <summary>The ids that a message refers to, parent first: References from the newest (RFC 5322 3.6.4), then what In-Reply-To adds.</summary>
    /// <param name="references">In the order of the field, oldest first.</param>
    public static IReadOnlyList<string> Ancestors(IReadOnlyList<string> references, IReadOnlyList<string> inReplyTo, string? ownId)
    {
        if (references.Count == 0 && inReplyTo.Count == 0)
            return [];
        var ids = new List<string>(Math.Min(references.Count, MaximumReferences) + 2);
        for (var i = references.Count - 1; i >= 0 && ids.Count < MaximumReferences; i--)
            Add(ids, references[i], ownId);
        for (var i = 0; i < inReplyTo.Count && i < MaximumReferences; i++)
            Add(ids, inReplyTo[i], ownId);
        if (references.Count > 0)
            Add(ids, references[0], ownId);
        return ids;
    }

    /// <summary>
    /// Walks the ancestors, parent first, up to the first message that is here: its own ancestors were noted when it came. Ids on the way that
    /// were only referred to belong to the same conversation; so does what waits for this very message.
    /// </summary>
    public static ThreadPlacement Place(IReadOnlyList<string> ancestors, KnownId? self, Func<string, KnownId?> find)
    {
        var threads = new List<string>(2);
        if (self is not null)
            threads.Add(self.ThreadId);
        List<string>? unknown = null;
        foreach (var id in ancestors)
        {
            if (find(id) is not { } known)
            {
                (unknown ??= []).Add(id);
                continue;
            }

            if (!threads.Contains(known.ThreadId, StringComparer.Ordinal))
                threads.Add(known.ThreadId);
            if (known.IsMessage)
                break;
        }

        return new ThreadPlacement(threads.Count == 0 ? null : threads[0], threads.Count > 1 ? threads[1..] : [], unknown ?? (IReadOnlyList<string>)[]);
    }

    /// <summary>Whether nobody but people of the thread takes part: the sender is one of them, and so is each recipient but the inbox itself.</summary>
    /// <param name="people">Senders and recipients of the thread, as shown.</param>
    /// <param name="message">Sender and recipients of the message, as shown.</param>
    public static bool SamePeople(IEnumerable<string> people, IReadOnlyList<string> message, string inboxId)
    {
        var known = new HashSet<string>(people.Select(BareAddress), StringComparer.OrdinalIgnoreCase) { inboxId };
        return message.Count > 0 && message.All(person => known.Contains(BareAddress(person)));
    }

    /// <summary>The address of "Name &lt;user@host&gt;".</summary>
    public static string BareAddress(string shown)
    {
        var open = shown.LastIndexOf('<');
        return open >= 0 && shown.EndsWith('>') ? shown[(open + 1)..^1] : shown;
    }

    private static void Add(List<string> ids, string id, string? ownId)
    {
        if (id.Length > 0 && id != ownId && !ids.Contains(id, StringComparer.Ordinal))
            ids.Add(id);
    }
}
