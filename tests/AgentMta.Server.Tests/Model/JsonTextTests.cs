using System.Text;
using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Tests.Model;

public sealed class JsonTextTests
{
    [Fact]
    public void Letters_and_signs_stay_as_they_are_in_one_array_of_their_length()
    {
        var text = JsonText.Write("größe+<ü@x> \u0001", Member);

        Assert.Equal("""{"a":"größe+<ü@x> \u0001"}""", text.ToString());
        Assert.Equal(Encoding.UTF8.GetBytes(text.ToString()), text.Octets.ToArray());
    }

    [Fact]
    public void A_text_may_be_written_within_another()
    {
        JsonText? inner = null;
        var outer = JsonText.Write("outer", (json, value) =>
        {
            json.WriteStartObject();
            json.WriteString("before", value);
            inner = JsonText.Write("inner", Member);
            json.WriteString("behind", value);
            json.WriteEndObject();
        });

        Assert.Equal("""{"before":"outer","behind":"outer"}""", outer.ToString());
        Assert.Equal("""{"a":"inner"}""", inner!.ToString());
    }

    [Fact]
    public void One_that_fails_half_way_or_is_very_large_leaves_nothing_behind()
    {
        Assert.Throws<InvalidOperationException>(() => JsonText.Write("", (json, _) =>
        {
            json.WriteStartArray();
            throw new InvalidOperationException();
        }));
        Assert.Equal("""{"a":"1"}""", JsonText.Write("1", Member).ToString());

        Assert.Equal(500_000 + """{"a":""}""".Length, JsonText.Write(new string('x', 500_000), Member).Octets.Length);
        Assert.Equal("""{"a":"2"}""", JsonText.Write("2", Member).ToString());
    }

    private static void Member(Utf8JsonWriter json, string value)
    {
        json.WriteStartObject();
        json.WriteString("a", value);
        json.WriteEndObject();
    }
}
