using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Api;

/// <summary>Page tokens: where the last page ended, sealed to the list that gave them, so that nobody can make or move one.</summary>
internal sealed class PageTokens(KeyRing keys)
{
    private const int MacOctets = 12;
    private const int MaximumLength = 2000;

    /// <summary>A token for the row with these sort values.</summary>
    public string Write(string list, params IReadOnlyList<string> position)
    {
        var payload = JsonSerializer.Serialize(position, ApiJson.Wire.IReadOnlyListString);
        return Base64Url.EncodeToString([.. keys.Mac(KeyPurpose.PageToken, list + "\n" + payload, MacOctets), .. Encoding.UTF8.GetBytes(payload)]);
    }

    /// <summary>The sort values of a token; a fault of the field page_token for anything that this list did not give.</summary>
    public IReadOnlyList<string> Read(string list, string token)
    {
        if (token.Length <= MaximumLength && Base64Url.IsValid(token))
        {
            var bytes = Base64Url.DecodeFromChars(token);
            if (bytes.Length > MacOctets)
            {
                var payload = Encoding.UTF8.GetString(bytes, MacOctets, bytes.Length - MacOctets);
                if (keys.Verify(KeyPurpose.PageToken, list + "\n" + payload, bytes.AsSpan(0, MacOctets)))
                    return JsonSerializer.Deserialize(payload, ApiJson.Wire.ListString) ?? [];
            }
        }

        throw ApiException.Invalid("page_token", "This token does not belong to this list.", "Pass next_page_token of the same list unchanged, or leave it out for the first page.");
    }
}
