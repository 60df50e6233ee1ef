using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Resolver;

/// <summary>Brings a master file from the disk, for the resolver at start and for commands that take <c>--zone</c>.</summary>
internal static class ZoneFileReader
{
    private const long MaxLength = 64 * 1024 * 1024;
    private const int ShownErrors = 5;

    /// <summary>All records of the file; an <see cref="InvalidDataException"/> that names lines where one is wrong, for a zone read in part answers wrongly.</summary>
    public static IReadOnlyList<DnsRecord> Read(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > MaxLength })
            throw new InvalidDataException($"The zone file {path} is larger than {MaxLength} octets.");
        var result = ZoneFileParser.Parse(File.ReadAllBytes(path));
        if (result.Errors.Count > 0)
            throw new InvalidDataException($"The zone file {path} has errors: {string.Join("; ", result.Errors.Take(ShownErrors))}.");
        return result.Records;
    }
}
