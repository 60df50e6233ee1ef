using System.Buffers;
using System.Globalization;
using System.Text;
using AgentMta.Protocol.Html;

namespace AgentMta.Protocol.Mime;

/// <summary>Makes the file names of attachments fit to be shown and saved anywhere, and makes one up where there is none.</summary>
internal static class FileNames
{
    private const int MaxLength = 200;
    private const string Unsafe = "<>:\"/\\|?*";

    private static readonly SearchValues<char> Harmless = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    private static readonly string[] Devices = ["con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "lpt1", "lpt2", "lpt3"];

    /// <summary>The last segment of a path, without characters that a file system or a terminal takes to mean something; empty where nothing is left.</summary>
    public static string Neutralise(string name)
    {
        var slash = name.AsSpan().TrimEnd("/\\").LastIndexOfAny('/', '\\');
        return Replace(slash < 0 ? name : name[(slash + 1)..]);
    }

    /// <summary>The same for an identifier that is no path: separators are replaced, nothing is cut off.</summary>
    public static string Replace(string name)
    {
        if (name.Length <= MaxLength && name.AsSpan().IndexOfAnyExcept(Harmless) < 0 && name is not ['.', ..] and not [.., '.'])
            return Undeviced(name);
        var safe = new StringBuilder(name.Length);
        // Invisible and direction-changing characters let "exe.fdp" read as "pdf.exe".
        foreach (var c in HiddenCharacters.Strip(name, new List<HiddenText>()))
        {
            if (Unsafe.Contains(c, StringComparison.Ordinal))
                safe.Append('_');
            else if (!char.IsControl(c))
                safe.Append(c);
        }

        var text = Shorten(safe.ToString().Trim());
        while (text.Length > 0 && (text[^1] == '.' || char.IsWhiteSpace(text[^1])))
            text = text[..^1];
        return Undeviced(text);
    }

    // Windows opens the device whatever the extension is.
    private static string Undeviced(string name)
    {
        var stem = Path.GetFileNameWithoutExtension(name.AsSpan());
        foreach (var device in Devices)
        {
            if (stem.Equals(device, StringComparison.OrdinalIgnoreCase))
                return "_" + name;
        }

        return name;
    }

    /// <summary>A name made from a message's subject.</summary>
    public static string ForMessage(string? subject)
    {
        var name = Replace(subject ?? "");
        return (name.Length == 0 ? "message" : name) + ".eml";
    }

    /// <summary>A name for a part that has none, from its type and place.</summary>
    public static string Invent(ContentType type, int number) => type.MediaType switch
    {
        "text/calendar" => "invite.ics",
        "application/pkcs7-signature" or "application/x-pkcs7-signature" => "smime.p7s",
        "application/pkcs7-mime" or "application/x-pkcs7-mime" => "smime.p7m",
        "application/pgp-signature" => "signature.asc",
        "application/pgp-encrypted" => "version.asc",
        "application/pgp-keys" => "key.asc",
        "application/ms-tnef" or "application/vnd.ms-tnef" => "winmail.dat",
        "message/delivery-status" or "message/global-delivery-status" => "delivery-status.txt",
        "message/disposition-notification" => "disposition-notification.txt",
        "text/rfc822-headers" or "message/global-headers" => "headers.txt",
        "message/feedback-report" => "feedback-report.txt",
        _ => string.Create(CultureInfo.InvariantCulture, $"attachment-{number}{Extension(type)}"),
    };

    /// <summary>Tells a repeated name apart: "a.txt", "a (2).txt".</summary>
    public static string Distinct(string name, ISet<string> taken, IDictionary<string, int> counts)
    {
        if (taken.Add(name))
            return name;
        var stem = Path.GetFileNameWithoutExtension(name);
        var extension = Path.GetExtension(name);
        counts.TryGetValue(name, out var number);
        number = Math.Max(number, 1);
        string candidate;
        do
            candidate = string.Create(CultureInfo.InvariantCulture, $"{stem} ({++number}){extension}");
        while (!taken.Add(candidate));
        counts[name] = number;
        return candidate;
    }

    private static string Extension(ContentType type) => type.MediaType switch
    {
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/csv" => ".csv",
        "text/vcard" or "text/x-vcard" or "text/directory" => ".vcf",
        "text/enriched" or "text/richtext" => ".txt",
        "image/jpeg" or "image/jpg" or "image/pjpeg" => ".jpg",
        "image/svg+xml" => ".svg",
        "image/tiff" => ".tif",
        "audio/mpeg" => ".mp3",
        "application/pdf" => ".pdf",
        "application/zip" or "application/x-zip-compressed" => ".zip",
        "application/json" => ".json",
        "application/xml" or "text/xml" => ".xml",
        "application/msword" => ".doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => ".docx",
        "application/vnd.ms-excel" => ".xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => ".xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => ".pptx",
        "application/ics" => ".ics",
        "application/postscript" => ".ps",
        _ when type.Type is "image" or "video" or "audio" && type.Subtype.Length <= 5 && type.Subtype.All(char.IsAsciiLetterOrDigit) => "." + type.Subtype,
        _ => ".bin",
    };

    private static string Shorten(string name)
    {
        if (name.Length <= MaxLength)
            return name;
        var dot = name.LastIndexOf('.');
        var extension = dot > 0 && name.Length - dot <= 16 ? name[dot..] : "";
        var keep = MaxLength - extension.Length;
        if (char.IsHighSurrogate(name[keep - 1]))
            keep--;
        return name[..keep] + extension;
    }
}
