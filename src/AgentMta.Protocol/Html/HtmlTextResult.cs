namespace AgentMta.Protocol.Html;

/// <summary>What a person would not have seen, and where it was hidden, so that an agent's policy can look at it without reading it as the message.</summary>
public sealed record HiddenText(string Text, string Where);

/// <summary>HTML as a person reads it, with what the page hides kept apart.</summary>
public sealed record HtmlTextResult(string Text, IReadOnlyList<HiddenText> Hidden);
