namespace AgentMta.Protocol.Mime;

/// <summary>The value of each base64 digit (RFC 2045 6.8), -1 for any other octet.</summary>
internal static class Base64Alphabet
{
    private static ReadOnlySpan<byte> Digits => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    private static readonly sbyte[] Values = Build();

    public static int Value(byte octet) => Values[octet];

    private static sbyte[] Build()
    {
        var values = new sbyte[256];
        Array.Fill(values, (sbyte)-1);
        for (var i = 0; i < Digits.Length; i++)
            values[Digits[i]] = (sbyte)i;
        return values;
    }
}
