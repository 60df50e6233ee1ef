using System.Security.Cryptography;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Resolver;

/// <summary>Why a server gave nothing to use.</summary>
internal enum ExchangeFault
{
    None,
    Timeout,
    Unreachable,
    Malformed,
    Mismatch,
}

/// <summary>One question put to one server: a response that matches it, or why there is none.</summary>
internal readonly record struct ExchangeResult(DnsMessage? Response, ExchangeFault Fault);

/// <summary>
/// Asks one server, hard to forge (RFC 5452): random id, a fresh source port, the source address checked by the kernel, the question
/// compared, letters in random case (0x20).
/// </summary>
internal sealed class ServerExchange(TimeProvider time, ResolverMeter meter)
{
    //  UDP, mixed case ──► answer
    //        ├─ EDNS0 not read ──► UDP without it
    //        ├─ truncated ───────► TCP
    //        ├─ forgeries seen ──► TCP
    //        └─ case lost ───────► TCP, where nobody can forge; no TCP ──► UDP, plain case
    public async Task<ExchangeResult> AskAsync(ResolverServer server, DnsKey question, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var query = NewQuery(question, server.KeepsCase, server.TakesExtension);
        var (outcome, response) = await UdpAsync(server, query, timeout, cancellationToken).ConfigureAwait(false);
        if (outcome == UdpOutcome.Answer && query.Extension is not null && LacksExtension(response!))
        {
            server.RefusedExtension();
            query = NewQuery(question, server.KeepsCase, extended: false);
            (outcome, response) = await UdpAsync(server, query, timeout, cancellationToken).ConfigureAwait(false);
        }

        switch (outcome)
        {
            case UdpOutcome.Answer:
                return new ExchangeResult(response, ExchangeFault.None);
            case UdpOutcome.Timeout:
                return new ExchangeResult(null, ExchangeFault.Timeout);
            case UdpOutcome.Unreachable:
                return new ExchangeResult(null, ExchangeFault.Unreachable);
            case UdpOutcome.Malformed:
                return new ExchangeResult(null, ExchangeFault.Malformed);
        }

        var result = await TcpAsync(server, query, timeout, cancellationToken).ConfigureAwait(false);
        if (outcome != UdpOutcome.CaseLost)
            return result;
        if (result.Response is { } trusted)
        {
            // With the case kept here, the answer on UDP was not the server's.
            if (!trusted.IsResponseTo(query, exactCase: true))
                server.LostCase();
            return result;
        }

        if (result.Fault is not (ExchangeFault.Timeout or ExchangeFault.Unreachable))
            return result;
        server.LostCase();
        (outcome, response) = await UdpAsync(server, NewQuery(question, mixedCase: false, server.TakesExtension), timeout, cancellationToken).ConfigureAwait(false);
        return outcome == UdpOutcome.Answer ? new ExchangeResult(response, ExchangeFault.None) : new ExchangeResult(null, ExchangeFault.Mismatch);
    }

    private async Task<(UdpOutcome Outcome, DnsMessage? Response)> UdpAsync(ResolverServer server, DnsMessage query, TimeSpan timeout, CancellationToken cancellationToken)
    {
        meter.Sent("udp");
        using var patience = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await UdpExchange.AskAsync(server.EndPoint, query, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (UdpOutcome.Timeout, null);
        }
    }

    private async Task<ExchangeResult> TcpAsync(ResolverServer server, DnsMessage query, TimeSpan timeout, CancellationToken cancellationToken)
    {
        meter.Sent("tcp");
        using var patience = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await TcpExchange.AskAsync(server.EndPoint, query, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ExchangeResult(null, ExchangeFault.Timeout);
        }
    }

    // RFC 6891 7: FORMERR or NOTIMP without OPT comes from a server that does not know OPT; BADVERS from one that knows another.
    private static bool LacksExtension(DnsMessage response) =>
        response.ResponseCode == DnsResponseCode.BadVersion
        || (response.Extension is null && response.ResponseCode is DnsResponseCode.FormatError or DnsResponseCode.NotImplemented);

    private static DnsMessage NewQuery(DnsKey question, bool mixedCase, bool extended)
    {
        Span<byte> random = stackalloc byte[2 + ((question.Name.Length + 7) / 8)];
        RandomNumberGenerator.Fill(random);
        var name = question.Name;
        if (mixedCase)
        {
            var letters = name.ToCharArray();
            for (var i = 0; i < letters.Length; i++)
            {
                if (char.IsAsciiLetterLower(letters[i]) && (random[2 + (i / 8)] >> (i % 8) & 1) != 0)
                    letters[i] = (char)(letters[i] & ~0x20);
            }

            name = new string(letters);
        }

        return DnsMessage.Query((ushort)(random[0] << 8 | random[1]), name, question.Type, extended);
    }
}
