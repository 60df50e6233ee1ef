namespace AgentMta.Server.Model;

/// <summary>What became of an opt-out.</summary>
/// <param name="Address">Who gets no more mail.</param>
/// <param name="Sender">Of whom.</param>
internal sealed record OptOutResult(string Address, string Sender);

/// <summary>Records the opt-out of the copy that a token names; null where the token is none of ours. With <paramref name="commit"/> false it only looks.</summary>
internal delegate Task<OptOutResult?> RecordOptOut(string domain, string token, bool commit, CancellationToken cancellationToken);
