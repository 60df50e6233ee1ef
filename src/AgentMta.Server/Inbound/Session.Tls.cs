using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Inbound;

/// <summary>What comes in front of SMTP: the PROXY header and TLS.</summary>
internal sealed partial class Session
{
    private const int TlsBuffer = 16 * 1024;

    private async ValueTask StartTlsCommandAsync()
    {
        if (_tls is not null)
        {
            await RefuseAsync(SmtpVerb.StartTls, null, Refusals.TlsActive);
            return;
        }

        Write(PreparedReply.ReadyForTls);
        await FlushAsync();
        if (!await StartTlsAsync())
        {
            _closing = true;
            return;
        }

        // RFC 3207 4.2: what was said in clear, EHLO included, counts for nothing.
        ResetTransaction();
        (_helo, _extended, _credential, _user, _info) = ("", false, null, null, null);
        _state = SessionState.Connected;
    }

    private async ValueTask<bool> StartTlsAsync()
    {
        var stream = new SslStream(new DuplexPipeStream(_connection.Transport), leaveInnerStreamOpen: true);
        using var timeout = new CancellationTokenSource(_options.HandshakeTimeout, _services.Time);
        try
        {
            await stream.AuthenticateAsServerAsync(
                static (_, hello, store, _) => ValueTask.FromResult(((CertificateStore)store!).For(hello.ServerName)), _services.Certificates, timeout.Token);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            _outcome = "tls";
            _door.Meter.Tls("failed");
            _services.Logger.LogInformation("Session {Session} of {Client}: TLS handshake failed: {Reason}", _id, _client, e.Message);
            await stream.DisposeAsync();
            return false;
        }

        _tls = stream;
        (_tlsProtocol, _tlsCipher, _info) = (TlsName(stream), stream.NegotiatedCipherSuite.ToString(), null);
        _door.Meter.Tls(_tlsProtocol!);
        _reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: TlsBuffer, leaveOpen: true, useZeroByteReads: true));
        _writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        return true;
    }

    /// <summary>Listed peers must say for whom they connect; from all others such a header is just a bad command.</summary>
    private async ValueTask<bool> ReadProxyHeaderAsync()
    {
        if (_options.ProxyPeers.Count == 0 || !InboundOptions.Contains(_options.ProxyPeers, _client))
            return true;
        var deadline = After(_options.HandshakeTimeout);
        while (true)
        {
            var result = await ReadAsync(deadline);
            var buffer = result.Buffer;
            var status = ProxyHeader.TryParse(ref buffer, out var header);
            _reader.AdvanceTo(buffer.Start, status == OperationStatus.NeedMoreData ? buffer.End : buffer.Start);
            if (status == OperationStatus.Done)
            {
                _isProxied = true;
                if (header!.Client is not null)
                    SetClient(header.Client);
                return true;
            }

            if (status == OperationStatus.InvalidData || result.IsCompleted || (result.IsCanceled && (_expired || _stopRequested)))
            {
                _outcome = "proxy";
                _door.Meter.Rejected("proxy");
                return false;
            }
        }
    }

    private static string TlsName(SslStream stream) => stream.SslProtocol switch
    {
        SslProtocols.Tls12 => "TLSv1.2",
        SslProtocols.Tls13 => "TLSv1.3",
        var other => other.ToString(),
    };
}
