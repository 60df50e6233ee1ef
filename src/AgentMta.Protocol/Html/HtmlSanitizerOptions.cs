namespace AgentMta.Protocol.Html;

/// <summary>What a page of mail may fetch when a person looks at it. By default nothing, and pictures of the message itself stay unseen too.</summary>
public sealed record HtmlSanitizerOptions
{
    /// <summary>Whether pictures may be loaded over https or http, which tells the sender when and where the mail is read.</summary>
    public bool AllowRemoteImages { get; init; }

    /// <summary>The address of the part with this Content-ID (without brackets), or null where there is none.</summary>
    public Func<string, string?>? ResolveContentId { get; init; }
}
