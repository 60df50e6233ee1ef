namespace AgentMta.Server.Model;

/// <summary>Where a list entry stands; the nearest scope with a match decides.</summary>
internal enum ListScope
{
    Inbox,
    Pod,
    Workspace,
}

/// <summary>An entry that names a sender by address or domain.</summary>
internal sealed record ListMatch(ListScope Scope, bool Allow, string Entry);

/// <summary>What the lists say, and which entry said it.</summary>
internal sealed record ListDecision(bool Blocked, ListMatch? Match);

/// <summary>The rule of allow and block lists (agentmail-api.md section 8): inbox, then pod, then workspace; the first scope with a matching entry decides.</summary>
internal static class ListRules
{
    /// <summary>Decides from the matching entries and from whether any allow list is non-empty: then everyone else is blocked.</summary>
    public static ListDecision Decide(IReadOnlyList<ListMatch> matches, bool hasAllow)
    {
        ListMatch? best = null;
        foreach (var match in matches)
        {
            if (best is null || Compare(match, best) < 0)
                best = match;
        }

        return best is null ? new ListDecision(hasAllow, null) : new ListDecision(!best.Allow, best);
    }

    // Within one scope the whole address tells more than its domain, and a block more than an allow.
    private static int Compare(ListMatch a, ListMatch b)
    {
        if (a.Scope != b.Scope)
            return a.Scope.CompareTo(b.Scope);
        var byAddress = b.Entry.Contains('@').CompareTo(a.Entry.Contains('@'));
        return byAddress != 0 ? byAddress : a.Allow.CompareTo(b.Allow);
    }
}
