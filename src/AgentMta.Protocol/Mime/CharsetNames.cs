using System.Collections.Frozen;

namespace AgentMta.Protocol.Mime;

/// <summary>What the charset names seen in mail stand for, registered names and habits alike.</summary>
internal static class CharsetNames
{
    private const int LongestName = 64;

    // Code pages by name, where CodePagesEncodingProvider does not know the name or where mail means a superset of it:
    // programs label as Latin 1 what holds Windows-1252 quotation marks, as gb2312 what holds GB 18030, as Shift_JIS Windows-31J.
    private static readonly FrozenDictionary<string, int> Pages = new Dictionary<string, int>
    {
        ["iso-8859-1"] = 1252, ["iso8859-1"] = 1252, ["iso_8859-1"] = 1252, ["latin1"] = 1252, ["latin-1"] = 1252, ["l1"] = 1252,
        ["iso-8859-1-windows-3.1-latin-1"] = 1252, ["ansi"] = 1252, ["x-ansi"] = 1252, ["windows"] = 1252, ["win-1252"] = 1252, ["cp819"] = 1252,
        ["iso-8859-9"] = 1254, ["latin5"] = 1254, ["iso-8859-11"] = 874, ["tis-620"] = 874, ["iso-8859-16"] = 28592, ["iso-8859-10"] = 28594,
        ["iso-8859-14"] = 1252, ["iso-8859-8-i"] = 1255, ["iso-8859-8-e"] = 1255, ["iso-8859-6-i"] = 28596, ["iso-8859-6-e"] = 28596,
        ["gb2312"] = 54936, ["gb_2312-80"] = 54936, ["gbk"] = 54936, ["x-gbk"] = 54936, ["cp936"] = 54936, ["ms936"] = 54936,
        ["gb18030"] = 54936, ["chinese"] = 54936, ["euc-cn"] = 54936, ["x-euc-cn"] = 54936, ["gb2312_charset"] = 54936,
        ["big5"] = 950, ["big5-hkscs"] = 950, ["x-x-big5"] = 950, ["cn-big5"] = 950, ["ms950"] = 950,
        ["shift_jis"] = 932, ["shift-jis"] = 932, ["sjis"] = 932, ["x-sjis"] = 932, ["ms_kanji"] = 932, ["windows-31j"] = 932, ["cp932"] = 932, ["ms932"] = 932,
        ["ks_c_5601-1987"] = 949, ["ks_c_5601"] = 949, ["ksc5601"] = 949, ["ks_c_5601-1989"] = 949, ["euc-kr"] = 949, ["korean"] = 949, ["cp949"] = 949, ["uhc"] = 949, ["ms949"] = 949,
        ["euc-jp"] = 51932, ["x-euc-jp"] = 51932, ["x-euc"] = 51932, ["ujis"] = 51932,
        ["macintosh"] = 10000, ["x-mac-roman"] = 10000, ["mac"] = 10000, ["macroman"] = 10000, ["x-mac-cyrillic"] = 10007,
        ["koi8-r"] = 20866, ["koi8"] = 20866, ["koi"] = 20866, ["koi8r"] = 20866, ["koi8-u"] = 21866, ["koi8-ru"] = 21866,
        ["win-1251"] = 1251, ["win1251"] = 1251, ["x-cp1251"] = 1251, ["x-cp1250"] = 1250, ["x-cp1252"] = 1252, ["win-1250"] = 1250,
        ["hz-gb-2312"] = 52936, ["iso-2022-kr"] = 50225, ["iso-ir-58"] = 54936, ["visual"] = 1255, ["logical"] = 1255,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Synonyms = new Dictionary<string, string>
    {
        ["ascii"] = "us-ascii", ["usascii"] = "us-ascii", ["us ascii"] = "us-ascii", ["us_ascii"] = "us-ascii", ["ansi_x3.4-1968"] = "us-ascii",
        ["iso-646-us"] = "us-ascii", ["iso646-us"] = "us-ascii", ["646"] = "us-ascii", ["7bit"] = "us-ascii", ["us"] = "us-ascii", ["ansi_x3.4-1986"] = "us-ascii",
        ["unknown-8bit"] = "", ["x-unknown"] = "", ["unknown"] = "", ["x-user-defined"] = "", ["default"] = "", ["_autodetect"] = "", ["8bit"] = "", ["x-roman8"] = "",
        ["default_charset"] = "", ["_iso-2022-jp$esc"] = "iso-2022-jp", ["none"] = "", ["binary"] = "",
        ["utf8"] = "utf-8", ["utf_8"] = "utf-8", ["utf 8"] = "utf-8", ["unicode-1-1-utf-8"] = "utf-8", ["x-utf-8"] = "utf-8", ["utf-8n"] = "utf-8", ["utf8mb4"] = "utf-8",
        ["unicode-1-1-utf-7"] = "utf-7", ["x-unicode-2-0-utf-7"] = "utf-7", ["unicode-2-0-utf-7"] = "utf-7", ["utf7"] = "utf-7",
        ["utf16"] = "utf-16", ["unicode"] = "utf-16", ["ucs-2"] = "utf-16", ["iso-10646-ucs-2"] = "utf-16", ["utf32"] = "utf-32", ["ucs-4"] = "utf-32",
        ["iso-2022-jp-1"] = "iso-2022-jp", ["iso-2022-jp-2"] = "iso-2022-jp", ["iso-2022-jp-3"] = "iso-2022-jp", ["iso-2022-jp-ms"] = "iso-2022-jp", ["jis"] = "iso-2022-jp",
        ["csiso2022jp"] = "iso-2022-jp", ["iso2022jp"] = "iso-2022-jp",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The name in lower case without decoration; empty where it says nothing.</summary>
    public static string Normalise(string? charset)
    {
        if (charset is null || charset.Length > LongestName)
            return "";
        var name = charset.Trim(' ', '\t', '"', '\'', ';', ',', '.', '=').ToLowerInvariant();
        if (name.StartsWith("charset=", StringComparison.Ordinal))
            name = name[8..].Trim('"');
        // RFC 2231 5: a language may follow.
        var star = name.IndexOf('*', StringComparison.Ordinal);
        if (star > 0)
            name = name[..star];
        return Synonyms.TryGetValue(name, out var better) ? better : name;
    }

    public static int? PageOf(string name) => Pages.TryGetValue(name, out var page) ? page : null;
}
