using AgentMta.Protocol.Mime;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Stops mail that runs in a circle (RFC 5321 6.3): too many hops, or too often through this very host.</summary>
internal sealed class LoopGate(GateOptions options, string hostName) : Gate("loop")
{
    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        var (all, own) = Count(copy.Arrival.Headers);
        (string, string)[] evidence = [("received", Text(all)), ("own", Text(own))];
        return ValueTask.FromResult(
            all > options.MaxReceived || own > options.MaxOwnHops
                ? Refuse(554, "5.4.6", "The message runs in a loop", all > options.MaxReceived ? $"it passed more than {options.MaxReceived} hops" : $"it passed this host more than {options.MaxOwnHops} times", evidence)
                : Pass("it has taken a straight way", evidence));
    }

    private (int All, int Own) Count(HeaderList headers)
    {
        var (all, own) = (0, 0);
        foreach (var field in headers.All("Received"))
        {
            all++;
            if (IsOwn(field.Text))
                own++;
        }

        return (all, own);
    }

    // RFC 5321 4.4: By-domain = CFWS "BY" FWS Extended-Domain.
    private bool IsOwn(string received)
    {
        for (var at = received.IndexOf("by ", StringComparison.OrdinalIgnoreCase); at >= 0; at = received.IndexOf("by ", at + 3, StringComparison.OrdinalIgnoreCase))
        {
            var name = received.AsSpan(at + 3).TrimStart();
            if ((at == 0 || received[at - 1] is ' ' or ')') && name.StartsWith(hostName, StringComparison.OrdinalIgnoreCase)
                && (name.Length == hostName.Length || name[hostName.Length] is ' ' or ';' or '('))
                return true;
        }

        return false;
    }

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
