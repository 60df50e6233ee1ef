using Microsoft.Win32.SafeHandles;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>Reads what one run of the server left in the two halves of its log, in the order in which it was written.</summary>
internal sealed class ArrivalLogReader(SafeFileHandle file, long salt)
{
    private readonly byte[] _header = new byte[ArrivalRecord.HeaderLength];
    private readonly long _length = RandomAccess.GetLength(file);

    /// <summary>The records from the first of an epoch on, up to where one is missing or not whole. Those of earlier epochs are passed over.</summary>
    public IEnumerable<ArrivalRecord> Read(long epoch, int most)
    {
        var halves = new[] { 0L, ArrivalLog.HalfLength }
            .Select(start => (Start: start, First: HeaderAt(start, start + ArrivalLog.HalfLength)))
            .Where(half => half.First is not null)
            .OrderBy(half => half.First!.Value.Epoch).ThenBy(half => half.First!.Value.Number);
        ArrivalRecord.Header? last = null;
        foreach (var (start, _) in halves)
        {
            foreach (var (at, header) in Run(start))
            {
                if (header.Epoch < epoch)
                    continue;
                if (most-- <= 0 || (last is { } before ? !header.Follows(before) : header.Epoch != epoch || header.Number != 0))
                    yield break;
                var record = new byte[header.Length];
                if (RandomAccess.Read(file, record, at) != record.Length || !ArrivalRecord.IsWhole(record))
                    yield break;
                last = header;
                yield return new ArrivalRecord(header.Epoch, record.AsMemory(ArrivalRecord.HeaderLength));
            }
        }
    }

    // What was written one behind the other from the start of a half: behind it lies what it was written over.
    private IEnumerable<(long At, ArrivalRecord.Header Header)> Run(long start)
    {
        var end = start + ArrivalLog.HalfLength;
        ArrivalRecord.Header? last = null;
        for (var at = start; HeaderAt(at, end) is { } header && (last is null || header.Follows(last.Value)); at += header.Length)
        {
            last = header;
            yield return (at, header);
        }
    }

    private ArrivalRecord.Header? HeaderAt(long at, long end) =>
        RandomAccess.Read(file, _header, at) == _header.Length && ArrivalRecord.ReadHeader(_header, salt) is { } header && at + header.Length <= Math.Min(end, _length) ? header : null;
}
