using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using AgentMta.Server.Hosting;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;

namespace AgentMta.Server.Cli;

/// <summary>One of the demo's two mail servers: a whole server with its own data, domain, address and HTTPS, and a client of its API.</summary>
internal sealed class DemoServer : IAsyncDisposable
{
    private readonly ServerHost _host;
    private readonly HttpClient _client;

    private DemoServer(ServerHost host, HttpClient client) => (_host, _client) = (host, client);

    public string Domain => _host.Options.Domain;

    public string Smtp => string.Join(", ", _host.Bound.Smtp);

    public string PublicUrl => _host.Options.PublicUrl!;

    /// <summary>The options of a server on its own loopback address.</summary>
    public static ServerOptions Options(string folder, string domain, string address, int mxPort, string zone) => new()
    {
        Data = Path.Combine(folder, domain),
        Domain = domain,
        Smtp = $"{address}:{mxPort}",
        Submission = $"{address}:0",
        Http = "",
        Https = $"{address}:{FreePort(IPAddress.Parse(address))}",
        Zone = zone,
        MxPort = mxPort,
        LogLevel = LogLevel.Error,
    };

    /// <summary>A port that is free on every given address.</summary>
    public static int FreePort(params IPAddress[] addresses)
    {
        while (true)
        {
            using var first = new TcpListener(addresses[0], 0);
            first.Start();
            var port = ((IPEndPoint)first.LocalEndpoint).Port;
            try
            {
                foreach (var address in addresses.Skip(1))
                {
                    using var other = new TcpListener(address, port);
                    other.Start();
                }

                return port;
            }
            catch (SocketException)
            {
                // Taken on another address: try the next.
            }
        }
    }

    /// <summary>The zone lines that publish a domain: the records it asks for, with the demo's one sending address in SPF.</summary>
    public static IEnumerable<string> ZoneLines(ServerOptions options, IReadOnlyList<DomainRecord> records)
    {
        foreach (var record in records)
        {
            yield return record switch
            {
                { Type: "MX" } => $"{record.Name}. IN MX {record.Priority} {record.Value}.",
                // Both servers send from loopback, whatever address they listen on.
                { Value: var value } when value.StartsWith("v=spf1", StringComparison.Ordinal) => $"{record.Name}. IN TXT \"v=spf1 ip4:127.0.0.0/8 -all\"",
                _ => $"{record.Name}. IN {record.Type} {SendingDomains.Quote(record.Value)}",
            };
        }

        yield return $"{options.EffectiveHostName()}. IN A {options.Smtp[..options.Smtp.IndexOf(':')]}";
    }

    /// <summary>Starts the server; its client trusts this server's own self-signed certificate and no other.</summary>
    public static async Task<DemoServer> StartAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        options.PublicUrl = $"https://{options.Https}";
        var host = await ServerHost.StartAsync(options, cancellationToken).ConfigureAwait(false);
        var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, certificate, _, _) => IsOwn(certificate, host.Data) };
        var client = new HttpClient(handler) { BaseAddress = new Uri(options.PublicUrl + "/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(host.Data, "api-key"), cancellationToken).ConfigureAwait(false)).Trim());
        return new DemoServer(host, client);
    }

    /// <summary>Asks the API; a refusal comes back as its JSON with the status in front.</summary>
    public async Task<(int Status, JsonNode Body)> CallAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.RelativeOrAbsolute)) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await _client.SendAsync(request).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        return ((int)response.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text) ?? new JsonObject());
    }

    /// <summary>Posts a form without any credential, as a mail program does for one-click unsubscribe (RFC 8058 3.1).</summary>
    public async Task<int> PostOneClickAsync(string url)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new FormUrlEncodedContent([KeyValuePair.Create("List-Unsubscribe", "One-Click")]) };
        using var stranger = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, ServerCertificateCustomValidationCallback = (_, certificate, _, _) => IsOwn(certificate, _host.Data) });
        using var response = await stranger.SendAsync(request).ConfigureAwait(false);
        return (int)response.StatusCode;
    }

    /// <summary>The raw message as it lies in the store, with what the server put in front.</summary>
    public async Task<string> RawAsync(string inbox, string messageId)
    {
        var (_, link) = await CallAsync(HttpMethod.Get, $"v0/inboxes/{Uri.EscapeDataString(inbox)}/messages/{Uri.EscapeDataString(messageId)}/raw").ConfigureAwait(false);
        return await _client.GetStringAsync(new Uri((string)link["download_url"]!)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync().ConfigureAwait(false);
    }

    private static bool IsOwn(X509Certificate2? certificate, string data) =>
        certificate is not null && Directory.EnumerateFiles(Path.Combine(data, "tls"), "*.pem").Concat(Directory.EnumerateFiles(Path.Combine(data, "tls"), "*.crt"))
            .Where(f => File.ReadAllText(f).Contains("BEGIN CERTIFICATE", StringComparison.Ordinal))
            .Any(f => X509Certificate2.CreateFromPem(File.ReadAllText(f)).Thumbprint == certificate.Thumbprint);
}
