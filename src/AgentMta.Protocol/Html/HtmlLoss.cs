namespace AgentMta.Protocol.Html;

/// <summary>What the bounds took from a page.</summary>
internal enum HtmlLoss
{
    None,

    /// <summary>Its last part is read as text alone.</summary>
    Layout,

    /// <summary>Its last part is not there.</summary>
    End,
}
