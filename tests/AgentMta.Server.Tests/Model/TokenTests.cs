using System.Security.Cryptography;
using AgentMta.Server.Model;

namespace AgentMta.Server.Tests.Model;

public sealed class TokenTests
{
    private readonly KeyRing _keys = new(RandomNumberGenerator.GetBytes(32));

    [Fact]
    public void A_token_address_names_its_row_in_either_case_and_fits_a_local_part()
    {
        var tokens = new AddressTokens(_keys);
        var id = Ids.New(TimeProvider.System);
        foreach (var kind in Enum.GetValues<TokenKind>())
        {
            var address = tokens.Write(kind, id, "example.test");
            Assert.True(address.IndexOf('@') <= 64, address);
            Assert.True(tokens.TryRead(address, out var readKind, out var read));
            Assert.Equal((kind, id), (readKind, read));
            Assert.True(tokens.TryRead(address.ToUpperInvariant(), out _, out read));
            Assert.Equal(id, read);
            Assert.Equal(address, tokens.Write(kind, id, "example.test"));
        }
    }

    [Fact]
    public void A_token_changed_in_any_place_or_moved_to_another_kind_domain_or_server_is_refused()
    {
        var tokens = new AddressTokens(_keys);
        var address = tokens.Write(TokenKind.Bounce, Ids.New(TimeProvider.System), "example.test");
        for (var i = 2; i < address.IndexOf('@'); i++)
        {
            var changed = address.ToCharArray();
            changed[i] = changed[i] == '0' ? '1' : '0';
            Assert.False(tokens.TryRead(new string(changed), out _, out _), $"position {i}");
        }

        Assert.False(tokens.TryRead("u" + address[1..], out _, out _));
        Assert.False(tokens.TryRead(address.Replace("example", "other", StringComparison.Ordinal), out _, out _));
        Assert.False(new AddressTokens(new KeyRing(RandomNumberGenerator.GetBytes(32))).TryRead(address, out _, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("b+@example.test")]
    [InlineData("b+zzzz@example.test")]
    [InlineData("bounce@example.test")]
    [InlineData("b+\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4@x.test")]
    public void What_is_no_token_address_is_read_as_none(string address) => Assert.False(new AddressTokens(_keys).TryRead(address, out _, out _));

    [Fact]
    public void A_message_id_of_ours_proves_itself_and_a_forged_one_in_our_form_does_not()
    {
        var ids = new MessageIds(_keys);
        var own = ids.Write(Ids.New(TimeProvider.System), "example.test");
        Assert.Equal((true, true), ids.Check(own));
        var forged = own.Replace(own[1..27], Ids.New(TimeProvider.System), StringComparison.Ordinal);
        Assert.Equal((true, false), ids.Check(forged));
        Assert.Equal((true, false), ids.Check(own.Replace("example", "other", StringComparison.Ordinal)));
        Assert.Equal((false, false), ids.Check("<CAF=abc@mail.gmail.com>"));
    }

    [Fact]
    public void Ids_sort_by_the_time_they_were_made()
    {
        var time = new Support.SteppingTimeProvider();
        var made = Enumerable.Range(0, 100).Select(_ => Ids.New(time)).ToList();
        Assert.Equal(made, made.Order(StringComparer.Ordinal));
        Assert.All(made, id => Assert.True(Ids.IsId(id)));
        Assert.Equal(100, made.Distinct().Count());
    }

    [Fact]
    public void A_secret_at_rest_opens_only_with_its_key_and_context()
    {
        var secret = RandomNumberGenerator.GetBytes(100);
        var stored = _keys.Encrypt(secret, "dkim_keys/a");
        Assert.Equal(secret, _keys.Decrypt(stored, "dkim_keys/a"));
        Assert.ThrowsAny<CryptographicException>(() => _keys.Decrypt(stored, "dkim_keys/b"));
        Assert.ThrowsAny<CryptographicException>(() => new KeyRing(RandomNumberGenerator.GetBytes(32)).Decrypt(stored, "dkim_keys/a"));
        stored[^1] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => _keys.Decrypt(stored, "dkim_keys/a"));
    }
}
