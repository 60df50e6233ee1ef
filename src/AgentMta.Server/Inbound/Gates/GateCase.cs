using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>One recipient's copy before the gates: the message, whom it is for, and what the inbox knows of its sender.</summary>
internal sealed class GateCase(Arrival arrival, Target target, Correspondence known, ReplyProof proof, ListDecision lists)
{
    public Arrival Arrival => arrival;

    public Target Target => target;

    public LocalInbox Inbox => target.Inbox;

    public ReplyProof Proof => proof;

    /// <summary>The inbox has let the sender in before.</summary>
    public bool IsKnownSender => known.KnownSender;

    /// <summary>What the lists of the direction say (reply lists for proven replies, receive lists for all else).</summary>
    public ListDecision Lists => lists;

    /// <summary>Why a DMARC failure is not held against the message; null where nothing excuses it.</summary>
    public DmarcExcuse? Excuse { get; set; }
}

/// <summary>A party that vouches for a message whose authentication broke on its way.</summary>
/// <param name="Kind">trusted_sealer, mailing_list or allow_list.</param>
/// <param name="By">Its name.</param>
/// <param name="Authenticates">Whether it saw or stands for who sent the message; an allow list only says that the address is welcome.</param>
internal sealed record DmarcExcuse(string Kind, string By, bool Authenticates);
