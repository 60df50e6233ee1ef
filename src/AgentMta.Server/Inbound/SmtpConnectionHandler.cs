using System.Net;
using AgentMta.Server.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace AgentMta.Server.Inbound;

/// <summary>Turns a Kestrel connection into a session, and sees to it that whatever was counted in is counted out.</summary>
internal sealed class SmtpConnectionHandler(Door door, SmtpListener listener) : ConnectionHandler
{
    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        door.Meter.Connected(listener.Role);
        var session = new Session(door, listener, connection);
        var entered = door.Connections.TryEnter();
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        door.Deadlines.Add(session);
        try
        {
            await using var stop = stopping.UnsafeRegister(static s => ((Session)s!).RequestStop(), session);
            await session.RunAsync(full: !entered);
        }
        finally
        {
            door.Deadlines.Remove(session);
            if (entered)
                door.Connections.Leave();
        }
    }
}
