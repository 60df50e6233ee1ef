using System.Buffers.Binary;
using System.Numerics;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>One record of the log of arrivals: its epoch, and the statements that the recorder wrote down.</summary>
internal readonly record struct ArrivalRecord(long Epoch, ReadOnlyMemory<byte> Content)
{
    /// <summary>Octets in front of the content.</summary>
    public const int HeaderLength = 32;

    private const uint Magic = 0x31474c41; // "ALG1"

    /// <summary>Fills in the header of a record.</summary>
    /// <param name="record">Room for the header, then the content.</param>
    public static void WriteHeader(Span<byte> record, long salt, long epoch, uint number)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], salt);
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(record[24..], number);
        BinaryPrimitives.WriteInt32LittleEndian(record[28..], record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Checksum(record[8..]));
    }

    /// <summary>What a header says; null where none of that salt stands.</summary>
    public static Header? ReadHeader(ReadOnlySpan<byte> octets, long salt)
    {
        if (octets.Length < HeaderLength || BinaryPrimitives.ReadUInt32LittleEndian(octets) != Magic || BinaryPrimitives.ReadInt64LittleEndian(octets[8..]) != salt
            || BinaryPrimitives.ReadInt32LittleEndian(octets[28..]) is var length && length < HeaderLength)
            return null;
        return new Header(BinaryPrimitives.ReadInt64LittleEndian(octets[16..]), BinaryPrimitives.ReadUInt32LittleEndian(octets[24..]), length);
    }

    /// <summary>Whether a record is as it was written.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> record) => Checksum(record[8..]) == BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);

    private static uint Checksum(ReadOnlySpan<byte> octets)
    {
        var sum = uint.MaxValue;
        for (; octets.Length >= sizeof(ulong); octets = octets[sizeof(ulong)..])
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(octets));
        foreach (var octet in octets)
            sum = BitOperations.Crc32C(sum, octet);
        return ~sum;
    }

    /// <summary>Where a record stands in the order of all: the epoch, its number there; and its length with the header.</summary>
    internal readonly record struct Header(long Epoch, uint Number, int Length)
    {
        /// <summary>Whether this is the very next one, or the first of the next epoch.</summary>
        public bool Follows(Header other) =>
            Epoch == other.Epoch ? Number == other.Number + 1 : Epoch == other.Epoch + 1 && Number == 0;
    }
}
