using System.Net;
using System.Text.Json;
using AgentMta.Server.Hosting;
using AgentMta.Server.Inbound;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Inbound.Scanners;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Hosting;

public sealed class HealthEndpointTests
{
    [Fact]
    public async Task A_changed_certificate_that_cannot_be_read_is_a_warning_and_no_outage()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTimeProvider();
        using var first = new TestCertificate("mx.agentmta.test", from: time.GetUtcNow());
        using var second = new TestCertificate("mx.agentmta.test", from: time.GetUtcNow());
        var files = first.Write(folder.Path, "mx");
        using var certificates = new CertificateStore(folder.Path, [files], "mx.agentmta.test", time, NullLogger.Instance);
        await using var store = await TestStore.OpenAsync();
        await using var app = await StartAsync(store, certificates);

        File.WriteAllText(files.Certificate, second.Pem);
        File.SetLastWriteTimeUtc(files.Certificate, DateTime.UtcNow.AddMinutes(1));
        time.Advance(TimeSpan.FromSeconds(11));
        var (code, health) = await AskAsync(app);

        Assert.Equal((HttpStatusCode.OK, "warning"), (code, health.GetProperty("status").GetString()));
        var warning = Assert.Single(health.GetProperty("warnings").EnumerateArray()).GetString()!;
        Assert.DoesNotContain(Path.GetDirectoryName(files.Certificate)!, warning, StringComparison.Ordinal); // paths are for the log: nobody needs a key to ask here
        Assert.Contains("loaded before", warning, StringComparison.Ordinal);

        File.WriteAllText(files.Key!, second.KeyPem);
        File.SetLastWriteTimeUtc(files.Key!, DateTime.UtcNow.AddMinutes(1));
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("ok", (await AskAsync(app)).Health.GetProperty("status").GetString());
    }

    private static async Task<WebApplication> StartAsync(TestStore store, CertificateStore certificates)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        HealthEndpoint.Map(app, store.Database, new RawSpool(Path.Combine(store.Folder, "raws"), 0, TimeProvider.System), certificates, ScannerWatches.For(new GateOptions(), new ReceiverMeter(), TimeProvider.System, NullLogger.Instance));
        await app.StartAsync();
        return app;
    }

    private static async Task<(HttpStatusCode Code, JsonElement Health)> AskAsync(WebApplication app)
    {
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using var response = await http.GetAsync("/healthz");
        return (response.StatusCode, JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()));
    }
}
