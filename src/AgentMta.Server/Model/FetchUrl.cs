namespace AgentMta.Server.Model;

/// <summary>What a URL gave: bytes with their type and name, or why not.</summary>
internal sealed record FetchResult(byte[]? Content, string? ContentType = null, string? FileName = null, string? Fault = null);

/// <summary>Fetches a URL that a tenant named, under the rules of promise 7.</summary>
internal delegate Task<FetchResult> FetchUrl(Uri url, CancellationToken cancellationToken);
