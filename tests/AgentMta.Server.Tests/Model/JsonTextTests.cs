using AgentMta.Server.Model;

namespace AgentMta.Server.Tests.Model;

public sealed class JsonTextTests
{
    [Fact]
    public void A_text_may_be_written_within_another()
    {
        JsonText? inner = null;
        var outer = JsonText.Write("ä<b>", (json, value) =>
        {
            json.WriteStartArray();
            inner = JsonText.Write(7, static (within, number) => within.WriteNumberValue(number));
            json.WriteStringValue(value);
            json.WriteEndArray();
        });

        Assert.Equal(("""["ä<b>"]""", "7"), (outer.ToString(), inner!.ToString()));
        Assert.Equal("""["ä<b>"]"""u8, outer.Octets);
    }

    [Fact]
    public void A_text_that_failed_half_way_leaves_nothing_in_the_next()
    {
        Assert.Throws<InvalidOperationException>(() => JsonText.Write(0, static (json, _) =>
        {
            json.WriteStartObject();
            throw new InvalidOperationException();
        }));

        Assert.Equal("true", JsonText.Write(true, static (json, value) => json.WriteBooleanValue(value)).ToString());
    }

    [Fact]
    public void A_text_is_its_own_whatever_is_written_later()
    {
        var first = JsonText.Write(1, static (json, value) => json.WriteNumberValue(value));
        _ = JsonText.Write(2, static (json, value) => json.WriteNumberValue(value));
        Assert.Equal("1", first.ToString());
        Assert.Null((JsonText?)(string?)null);
    }

    [Fact]
    public void Only_what_must_be_escaped_is()
    {
        var text = JsonText.Write("größe+<ü@x> \u0001", static (json, value) => json.WriteStringValue(value));

        Assert.Equal("\"größe+<ü@x> \\u0001\"", text.ToString());
    }

    [Fact]
    public void A_small_text_may_follow_a_very_large_one()
    {
        var large = JsonText.Write(new string('x', 500_000), static (json, value) => json.WriteStringValue(value));

        Assert.Equal(500_002, large.Octets.Length);
        Assert.Equal("2", JsonText.Write(2, static (json, value) => json.WriteNumberValue(value)).ToString());
    }
}
