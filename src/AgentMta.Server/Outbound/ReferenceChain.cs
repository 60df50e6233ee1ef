using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>Rebuilds the chain of References from what the store knows of the thread, so that a correspondent's client that dropped it does no harm (RFC 5322 3.6.4). Pure.</summary>
internal static class ReferenceChain
{
    private const int DepthLimit = 1000;

    /// <summary>All ancestors of the message answered, oldest first, and the message itself.</summary>
    public static List<string> Build(string targetId, IReadOnlyList<ThreadLink> thread)
    {
        var known = thread.GroupBy(l => l.MessageId, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        var chain = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        // From the message answered upwards; then each level's own references in front of what lies below it.
        var path = new List<ThreadLink>();
        for (var at = known.GetValueOrDefault(targetId); at is not null && path.Count < DepthLimit && !path.Contains(at); at = Parent(at, known))
            path.Add(at);

        // A message that names nobody, in a thread that has older ones: it was put there by its subject, and follows the first.
        if (path.Count > 0 && path[^1] is var top && thread.Count > 0 && thread[0].MessageId != top.MessageId && thread[0].Timestamp <= top.Timestamp)
            Add(thread[0].MessageId);
        for (var i = path.Count - 1; i >= 0; i--)
        {
            foreach (var id in path[i].References)
                Add(id);
            if (path[i].InReplyTo is { } parent)
                Add(parent);
            Add(path[i].MessageId);
        }

        // The message answered is last, whatever its own references claim.
        chain.Remove(targetId);
        chain.Add(targetId);
        return chain;

        void Add(string id)
        {
            if (seen.Add(id))
                chain.Add(id);
        }
    }

    /// <summary>The chain as it goes on the wire: the root and the newest.</summary>
    public static IReadOnlyList<string> Trim(IReadOnlyList<string> chain, int newest) => chain.Count <= newest + 1 ? chain : [chain[0], .. chain.Skip(chain.Count - newest)];

    private static ThreadLink? Parent(ThreadLink link, Dictionary<string, ThreadLink> known)
    {
        if (link.InReplyTo is { } direct && known.TryGetValue(direct, out var parent))
            return parent;
        for (var i = link.References.Count - 1; i >= 0; i--)
        {
            if (known.TryGetValue(link.References[i], out parent))
                return parent;
        }

        return link.AnswersId is { } answered ? known.GetValueOrDefault(answered) : null;
    }
}
