namespace AgentMta.Protocol.MailAuth;

/// <summary>The values of enumerations as the lower-case words that RFC 8601 and our JSON have for them, each made once.</summary>
public static class EnumWord
{
    /// <summary>"softfail" for SoftFail; a number where the value has no name.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => Words<T>.ByValue.TryGetValue(value, out var word) ? word : value.ToString().ToLowerInvariant();

    private static class Words<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> ByValue = Enum.GetValues<T>().Distinct().ToDictionary(v => v, v => v.ToString().ToLowerInvariant());
    }
}
