using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound;

/// <summary>Whether a message proves to be the answer to one that this use case sent.</summary>
/// <param name="Proven">It does.</param>
/// <param name="Answered">The outbound message it refers to, also where the proof fails; only of this use case.</param>
/// <param name="CrossUseCase">It refers to another use case's mail, which never counts.</param>
/// <param name="Reason">One sentence for people.</param>
internal sealed record ReplyProof(bool Proven, OutboundReference? Answered, bool CrossUseCase, string Reason)
{
    /// <summary>The message refers to nothing.</summary>
    public static ReplyProof NoReference { get; } = new(false, null, false, "it refers to no message");

    /// <summary>The ids worth a look-up: one in our own form whose MAC is wrong was never ours (design.md, Proof of a reply).</summary>
    public static IReadOnlyList<string> Credible(IReadOnlyList<string> references, MessageIds ids)
    {
        List<string>? credible = null;
        for (var i = 0; i < references.Count; i++)
        {
            var (hasForm, isValid) = ids.Check(references[i]);
            if (hasForm && !isValid)
                credible ??= [.. references.Take(i)];
            else
                credible?.Add(references[i]);
        }

        return credible ?? references;
    }

    /// <summary>Decides: some answered message went to the aligned author.</summary>
    /// <param name="author">The one From address, comparable form.</param>
    /// <param name="aligned">Whether somebody answers for it.</param>
    /// <param name="referred">How many ids the message named.</param>
    /// <param name="credible">How many of those were looked up.</param>
    public static ReplyProof Judge(AddressParts? author, bool aligned, Correspondence known, int referred, int credible)
    {
        if (known.Answers.Count == 0)
        {
            var reason = known.CrossUseCase ? "it refers to mail of another use case"
                : referred == 0 ? NoReference.Reason
                : credible < referred ? "it names a Message-ID in our form that we never made"
                : "it refers to no message that this inbox sent";
            return new ReplyProof(false, null, known.CrossUseCase, reason);
        }

        OutboundReference? answered = null;
        foreach (var reference in known.Answers)
        {
            if (author is not null && reference.Recipients.Any(r => AddressParts.Normalise(r) == author.Address))
            {
                answered = reference;
                break;
            }
        }

        return answered switch
        {
            null => new ReplyProof(false, known.Answers[0], known.CrossUseCase, "the message it answers was not sent to its author"),
            _ when !aligned => new ReplyProof(false, answered, known.CrossUseCase, "nothing that passed is aligned with its author"),
            _ => new ReplyProof(true, answered, known.CrossUseCase, "it answers a message that was sent to its author"),
        };
    }
}
