using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Tests.Support;

/// <summary>A request that an endpoint got.</summary>
internal sealed record ReceivedHook(IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Id => Headers["webhook-id"];
}

/// <summary>An HTTP endpoint on a loopback port that answers as a test says, and keeps what it got.</summary>
internal sealed class ScriptedEndpoint : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedEndpoint(WebApplication app) => _app = app;

    /// <summary>The answer to each request; 200 unless a test says otherwise.</summary>
    public Func<ReceivedHook, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public ConcurrentQueue<ReceivedHook> Hooks { get; } = new();

    public string Url { get; private set; } = "";

    public static async Task<ScriptedEndpoint> StartAsync(int status = 200, IPAddress? address = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address ?? IPAddress.Loopback, 0));
        var app = builder.Build();
        var endpoint = new ScriptedEndpoint(app);
        if (status != 200)
            endpoint.Answer = (_, context) => Status(context, status);
        app.Run(endpoint.TakeAsync);
        await app.StartAsync();
        endpoint.Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/hook";
        return endpoint;
    }

    public static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(0);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var hook = new ReceivedHook(context.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()), body.ToArray());
        Hooks.Enqueue(hook);
        await Answer(hook, context);
    }
}
