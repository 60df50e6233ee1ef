using System.Collections.Concurrent;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>Tells who is calling from <c>Authorization: Bearer</c>, and notes the use of keys now and then.</summary>
internal sealed class Authenticator(ApiKeyStore keys, TimeProvider time, ILogger log)
{
    private const int Remembered = 10_000;
    private static readonly TimeSpan TouchInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> _touched = new(StringComparer.Ordinal);

    /// <summary>The credential of the request.</summary>
    /// <exception cref="ApiException">401 with the code that says why.</exception>
    public ValueTask<Credential> AuthenticateAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
            throw Refused("missing_authorization", "The request has no Authorization header.", "Send Authorization: Bearer <API key>.");
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            throw Refused("invalid_token_type", "The Authorization header is not of the type Bearer.", "Send Authorization: Bearer <API key>.");
        return FindAsync(header[7..].Trim(), context.RequestAborted);
    }

    /// <summary>The credential of a secret, wherever it was given.</summary>
    public async ValueTask<Credential> FindAsync(string secret, CancellationToken cancellationToken)
    {
        if (await keys.FindAsync(secret, cancellationToken).ConfigureAwait(false) is { } credential)
        {
            Touch(credential);
            return credential;
        }

        throw await keys.IsExpiredAsync(secret, cancellationToken).ConfigureAwait(false)
            ? Refused("api_key_expired", "The API key has expired.", "Make a new key.")
            : Refused("unknown_api_key", "The API key is unknown or was revoked.", "Check the key; DATA/api-key holds that of the first start.");
    }

    private static ApiException Refused(string code, string message, string fix) => new(401, code, message, fix);

    private void Touch(Credential credential)
    {
        var now = time.GetTimestamp();
        if (_touched.TryGetValue(credential.ApiKeyId, out var last) && time.GetElapsedTime(last, now) < TouchInterval)
            return;
        if (_touched.Count >= Remembered)
            _touched.Clear();
        _touched[credential.ApiKeyId] = now;
        _ = TouchAsync(credential);
    }

    private async Task TouchAsync(Credential credential)
    {
        try
        {
            await keys.TouchAsync(credential, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            log.LogWarning(e, "The use of an API key could not be noted");
        }
    }
}
