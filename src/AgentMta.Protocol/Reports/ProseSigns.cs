namespace AgentMta.Protocol.Reports;

/// <summary>What a report's words tell of the reason, found once for all recipients that share them.</summary>
internal sealed class ProseSigns(string prose)
{
    private BounceReason? _reason;
    private (string? Status, int? Code)? _codes;

    public BounceReason Reason(string? status) => _reason ??= BounceVerdict.ByWords(BounceVerdict.Lower(prose), status);

    public (string? Status, int? Code) Codes
    {
        get
        {
            var cut = BounceVerdict.Cut(prose);
            return _codes ??= (EnhancedStatus.Find(cut, failuresOnly: true), EnhancedStatus.ReplyCode(cut));
        }
    }
}
