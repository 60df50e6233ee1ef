namespace AgentMta.Protocol.Html;

/// <summary>How much of a message's pages is looked at, together: what one page uses, the next ones have no more.</summary>
internal sealed class HtmlBudget(int characters = HtmlBounds.MaxCharacters, int tags = HtmlBounds.MaxTags)
{
    // Newsletters have two or three a tag.
    private const int AttributesOfATag = 4;

    /// <summary>Characters left.</summary>
    public int Characters { get; private set; } = characters;

    /// <summary>Whether a page had more characters or tags than were left.</summary>
    public bool IsExceeded { get; private set; }

    private int Tags { get; set; } = tags;

    private int Attributes { get; set; } = tags * AttributesOfATag;

    /// <summary>Takes the characters of a page; returns how many of them are looked at.</summary>
    public int TakeCharacters(int count)
    {
        var taken = Math.Min(count, Characters);
        Characters -= taken;
        IsExceeded |= taken < count;
        return taken;
    }

    /// <summary>Takes a tag or comment with its attributes; false where there are no more.</summary>
    public bool TakeTag(int attributes = 0)
    {
        if (Tags == 0 || Attributes < attributes)
        {
            IsExceeded = true;
            return false;
        }

        Tags--;
        Attributes -= attributes;
        return true;
    }

    /// <summary>A page would have become too large by what it leaves open.</summary>
    public void Exceed() => IsExceeded = true;
}
