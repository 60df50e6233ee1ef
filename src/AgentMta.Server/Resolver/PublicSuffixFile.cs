using System.Text;
using AgentMta.Protocol.MailAuth.Dmarc;

namespace AgentMta.Server.Resolver;

/// <summary>The public suffix list of the system, read when first asked for and again when the file changes (Debian updates it with its package).</summary>
internal sealed class PublicSuffixFile(string path, TimeProvider time, ILogger log)
{
    /// <summary>Where Debian's package publicsuffix puts it.</summary>
    public const string DefaultPath = "/usr/share/publicsuffix/public_suffix_list.dat";

    private const int MaxBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private PublicSuffixList? _list;
    private DateTime _readVersion;
    private long _checkedAt = long.MinValue;

    /// <summary>The list; null where the file is not there or cannot be read, which is logged once for each change.</summary>
    public PublicSuffixList? Current
    {
        get
        {
            lock (_gate)
            {
                var now = time.GetTimestamp();
                if (_checkedAt != long.MinValue && time.GetElapsedTime(_checkedAt, now) < CheckInterval)
                    return _list;
                _checkedAt = now;
                var version = File.GetLastWriteTimeUtc(path);
                if (version != _readVersion)
                {
                    _readVersion = version;
                    Read();
                }

                return _list;
            }
        }
    }

    // A list that cannot be read any more is no reason to forget the one that could.
    private void Read()
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Length > MaxBytes)
                throw new IOException($"larger than {MaxBytes} octets");
            _list = PublicSuffixList.Parse(File.ReadAllText(path, Encoding.UTF8));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The public suffix list {Path} cannot be read ({Reason}); {State}", path, e.Message, _list is null ? "there is none" : "the one read before stays in use");
        }
    }
}
