namespace AgentMta.Server.Model;

/// <summary>The JSON of an event as webhooks and live feeds send it, made when it is sent: what the event tells of may be gone by then.</summary>
internal delegate ValueTask<ReadOnlyMemory<byte>> RenderEvent(StoredEvent stored, CancellationToken cancellationToken);
