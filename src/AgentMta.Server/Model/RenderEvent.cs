namespace AgentMta.Server.Model;

/// <summary>Writes an event as the JSON that webhooks and live feeds carry, with the message as it is now; null where it is none for subscribers.</summary>
internal delegate ValueTask<byte[]?> RenderEvent(StoredEvent stored, CancellationToken cancellationToken);
