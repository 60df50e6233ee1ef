using System.Net;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Webhooks;

namespace AgentMta.Server.Api;

/// <summary>What a webhook or live feed may name: URLs, headers, event types, pods and inboxes; says no with the field's name.</summary>
internal sealed class WebhookRules(ApiServices services)
{
    /// <summary>Most pods or inboxes of one webhook.</summary>
    public const int MaximumIds = 10;
    private const int MaximumUrl = 2048;
    private const int MaximumHeaders = 32;
    private const int MaximumHeaderValue = 4096;

    // What the connection and the delivery itself set.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Connection", "Keep-Alive", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Expect", "Proxy-Authorization", "Proxy-Connection",
        "User-Agent",
    };

    private readonly InboxStore _inboxes = new(services.Database);
    private readonly WorkspaceStore _workspaces = new(services.Database);

    /// <summary>The URL, in the form that is stored.</summary>
    public string Url(string? text)
    {
        if (text is not { Length: > 0 and <= MaximumUrl } || !Uri.TryCreate(text.Trim(), UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http"))
            throw ApiException.Invalid("url", $"It is an absolute https or http URL of at most {MaximumUrl} characters.");
        if (url.UserInfo.Length > 0)
            throw ApiException.Invalid("url", "It has no user name or password.", "Give credentials in headers, for instance Authorization.");
        // Names are looked up at each delivery; what is a private address by itself is told at once.
        var host = url.IdnHost.Trim('[', ']');
        var literal = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : IPAddress.TryParse(host, out var address) ? address : null;
        if (literal is not null && !services.Destinations.Allows(literal))
            throw ApiException.Invalid("url", $"{host} lies in a private network.", "Use a public address, or have the operator name the network in PermittedNetworks.");
        return url.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped);
    }

    /// <summary>Event types that exist and that the key may have.</summary>
    public static IReadOnlyList<string> Types(Credential credential, IReadOnlyList<string>? types)
    {
        if (types is not { Count: > 0 })
            throw ApiException.Invalid("event_types", "At least one event type is required.", "For instance [\"message.received\"].");
        foreach (var type in types)
        {
            if (type is null || !EventCatalog.Knows(type))
                throw ApiException.Invalid("event_types", $"There is no event type '{type}'.");
            if (EventCatalog.Permissions(type).FirstOrDefault(p => !credential.May(p)) is { } missing)
                throw new ApiException(403, "missing_permission", $"The API key lacks the permission {missing}, which {type} needs.", "Use a key that has it, or leave that event type out.");
        }

        return [.. types.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Inboxes that exist within the scope.</summary>
    public async Task<IReadOnlyList<string>> InboxesAsync(Scope scope, string field, IReadOnlyList<string>? ids, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        foreach (var id in Bounded(field, ids))
            found.Add((await _inboxes.GetAsync(scope, AddressParts.Normalise(id), cancellationToken).ConfigureAwait(false))?.InboxId ?? throw ApiException.Invalid(field, $"The inbox {id} was not found."));
        return [.. found.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Pods that exist within the scope.</summary>
    public async Task<IReadOnlyList<string>> PodsAsync(Scope scope, string field, IReadOnlyList<string>? ids, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        foreach (var id in Bounded(field, ids))
            found.Add((await _workspaces.FindPodAsync(scope, id, cancellationToken).ConfigureAwait(false))?.PodId ?? throw ApiException.Invalid(field, $"The pod {id} was not found."));
        return [.. found.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Headers that a delivery can carry.</summary>
    public static IReadOnlyDictionary<string, string> Headers(IReadOnlyDictionary<string, string>? headers)
    {
        var read = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers ?? new Dictionary<string, string>())
        {
            if (Reserved.Contains(name) || WebhookSigner.Reserves(name))
                throw ApiException.Invalid($"headers.{name}", "This header is set by the delivery itself.");
            if (!IsHeader(name, value))
                throw ApiException.Invalid($"headers.{name}", $"It is a header name with a value of printable ASCII, at most {MaximumHeaderValue} characters.");
            if (!read.TryAdd(name, value))
                throw ApiException.Invalid($"headers.{name}", "It is given twice.");
        }

        return read.Count <= MaximumHeaders ? read : throw ApiException.Invalid("headers", $"At most {MaximumHeaders} headers are taken.");
    }

    private static IReadOnlyList<string> Bounded(string field, IReadOnlyList<string>? ids) =>
        ids is null ? [] : ids.Count <= MaximumIds ? ids : throw ApiException.Invalid(field, $"At most {MaximumIds} are taken.");

    private static bool IsHeader(string name, string? value)
    {
        if (name.Length is 0 or > 128 || value is not { Length: <= MaximumHeaderValue } || value.AsSpan().IndexOfAnyExceptInRange(' ', '~') >= 0)
            return false;
        using var probe = new HttpRequestMessage();
        // The framework knows the tokens of RFC 9110 5.1, and the names that belong to a body and can be on no request.
        return probe.Headers.TryAddWithoutValidation(name, value);
    }
}
