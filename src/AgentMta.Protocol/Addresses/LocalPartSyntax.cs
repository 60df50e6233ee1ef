using System.Buffers;
using System.Text;

namespace AgentMta.Protocol.Addresses;

/// <summary>Dot-atoms and quoted strings as local parts (RFC 5321 4.1.2, RFC 5322 3.4.1, RFC 6531 3.3).</summary>
internal static class LocalPartSyntax
{
    private static readonly SearchValues<char> Atext = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~");

    public static bool IsAtext(char c) => Atext.Contains(c) || c >= 0x80;

    public static bool IsDotAtom(ReadOnlySpan<char> local)
    {
        if (local.IsEmpty || local[0] == '.' || local[^1] == '.')
            return false;
        for (var i = 0; i < local.Length; i++)
        {
            if (local[i] == '.' ? local[i - 1] == '.' : !IsAtext(local[i]))
                return false;
        }

        return true;
    }

    public static string Quote(string local)
    {
        if (IsDotAtom(local))
            return local;
        var quoted = new StringBuilder(local.Length + 2).Append('"');
        foreach (var c in local)
        {
            if (c is '"' or '\\')
                quoted.Append('\\');
            if (!char.IsControl(c))
                quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }
}
