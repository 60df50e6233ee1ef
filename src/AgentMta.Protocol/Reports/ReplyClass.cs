namespace AgentMta.Protocol.Reports;

/// <summary>Whether trying again may help after a refusal, by the rule that reads reports: the same words mean the same in the dialogue and in what comes back later.</summary>
public static class ReplyClass
{
    /// <summary>The class of a delivery that ended with this enhanced status (RFC 3463); a status 4.x.x, as of one given up after retries, is soft whatever was said last.</summary>
    public static BounceClass Of(string status, string reply) =>
        BounceVerdict.Of(status, reply, prose: null, isDelay: status.StartsWith('4')).Class;
}
