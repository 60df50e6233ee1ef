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
}
