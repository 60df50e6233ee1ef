using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Reads query parameters as clients send them: lists as one JSON array, as repeated parameters or as one bare word.</summary>
internal sealed class QueryReader(IQueryCollection query)
{
    /// <summary>Most values of a list.</summary>
    public const int MaximumValues = 100;


    /// <summary>A text; null where it is absent.</summary>
    public string? Text(string name) => query.TryGetValue(name, out var values) && values.Count > 0 ? values[^1] : null;

    /// <summary>A text with a length between the bounds.</summary>
    public string RequiredText(string name, int minimum, int maximum)
    {
        var text = Text(name)?.Trim() ?? throw ApiException.Invalid(name, "It is required.");
        return text.Length >= minimum && text.Length <= maximum ? text : throw ApiException.Invalid(name, $"It has {minimum} to {maximum} characters.");
    }

    /// <summary>true or false; null where it is absent.</summary>
    public bool? Flag(string name) => Text(name)?.ToLowerInvariant() switch
    {
        null or "" => null,
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw ApiException.Invalid(name, "It is true or false."),
    };

    /// <summary>A whole number within the bounds; null where it is absent.</summary>
    public int? Number(string name, int minimum, int maximum)
    {
        if (Text(name) is not { Length: > 0 } text)
            return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? number : throw ApiException.Invalid(name, $"It is a whole number from {minimum} to {maximum}.");
    }

    /// <summary>A time; null where it is absent.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { Length: > 0 } text)
            return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : throw ApiException.Invalid(name, "It is a time such as 2026-01-31T12:00:00Z.");
    }

    /// <summary>All values of a list; empty where it is absent.</summary>
    public IReadOnlyList<string> List(string name)
    {
        if (!query.TryGetValue(name, out var values))
            return [];
        var list = new List<string>();
        foreach (var value in values)
        {
            if (value is null)
                continue;
            var text = value.Trim();
            if (text.StartsWith('['))
                list.AddRange(Parse(name, text));
            else if (text.Length > 0)
                list.Add(text);
        }

        return list.Count <= MaximumValues ? list : throw ApiException.Invalid(name, $"At most {MaximumValues} values are taken.");
    }

    private static List<string> Parse(string name, string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ApiJson.Wire.ListString) ?? [];
        }
        catch (JsonException)
        {
            throw ApiException.Invalid(name, "It is a JSON array of strings.");
        }
    }
}
