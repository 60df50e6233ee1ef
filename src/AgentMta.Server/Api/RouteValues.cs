using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace AgentMta.Server.Api;

/// <summary>Reads path parameters from the request line: Kestrel keeps "%2F" in route values, and Message-IDs may hold "/" as well as a literal "%2F".</summary>
internal static class RouteValues
{
    /// <summary>Name and once-decoded value of each parameter of the pattern.</summary>
    public static IReadOnlyDictionary<string, string> Read(HttpContext context, string pattern)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!pattern.Contains('{', StringComparison.Ordinal))
            return values;
        var names = pattern.Trim('/').Split('/');
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var end = target.IndexOf('?', StringComparison.Ordinal);
        var segments = (end < 0 ? target : target[..end]).TrimEnd('/').Split('/');
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i] is not ['{', .., '}'])
                continue;
            var name = names[i][1..^1];
            // From the end: a path base or an absolute-form target only adds at the front.
            var at = segments.Length - names.Length + i;
            values[name] = at >= 0 ? Uri.UnescapeDataString(segments[at]) : context.GetRouteValue(name) as string ?? "";
        }

        return values;
    }
}
