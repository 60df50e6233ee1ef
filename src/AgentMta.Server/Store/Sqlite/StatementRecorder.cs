using System.Buffers.Binary;
using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>
/// Writes down which statements run with which values, so that running them again on the same rows leaves the same rows: every value that is not a column is
/// bound, and no statement of the stores asks for time or chance itself. A text is written once an epoch and has a number from then on.
/// </summary>
internal sealed class StatementRecorder
{
    private const int FirstBuffer = 64 * 1024;
    private const int KeptBuffer = 4 * 1024 * 1024; // a hundred messages of 20 KB: made anew for each batch, it cost more than all else

    private byte[] _buffer = new byte[FirstBuffer];
    private int _count = ArrivalLog.Room;
    private int _texts;

    /// <summary>Room for the header, then what was recorded.</summary>
    public Span<byte> Record => _buffer.AsSpan(0, _count);

    /// <summary>Grows whenever numbers given to texts are void.</summary>
    public long Epoch { get; private set; } = 1;

    /// <summary>Lets go of a record that was not written, with the texts that it named.</summary>
    public void Restart()
    {
        if (_count > ArrivalLog.Room)
            Forget(ArrivalLog.Room);
    }

    /// <summary>A new record of the same epoch, behind one that was written.</summary>
    public void Clear()
    {
        _count = ArrivalLog.Room;
        if (_buffer.Length > KeptBuffer)
            _buffer = new byte[FirstBuffer];
    }

    /// <summary>A new record, before which no text has a number.</summary>
    public void BeginEpoch()
    {
        Clear();
        Epoch++;
        _texts = 0;
    }

    /// <summary>Takes back what was recorded behind a position; texts that were named there are written again.</summary>
    public void Forget(int position)
    {
        _count = position;
        Epoch++; // numbers go on, so that those that stand in front stay true
    }

    /// <summary>Records one statement.</summary>
    public void Add(SqliteStatement statement, string sql, ReadOnlySpan<object?> values)
    {
        var isNew = statement.RecordedIn != Epoch;
        if (isNew)
            (statement.RecordedIn, statement.RecordedAs) = (Epoch, _texts++);
        Number(isNew ? -1 - statement.RecordedAs : statement.RecordedAs);
        if (isNew)
            Text(sql);
        Number(values.Length);
        foreach (var value in values)
            Value(value);
    }

    /// <summary>Runs what a record holds, in its order.</summary>
    /// <param name="texts">The texts named so far in the epoch.</param>
    /// <exception cref="InvalidDataException">It is no such record.</exception>
    public static void Replay(ReadOnlySpan<byte> record, Dictionary<int, string> texts, WriteSession session)
    {
        while (!record.IsEmpty)
        {
            var number = ReadNumber(ref record);
            if (number < 0)
                texts[-1 - number] = Encoding.UTF8.GetString(ReadOctets(ref record));
            if (!texts.TryGetValue(number < 0 ? -1 - number : number, out var sql))
                throw new InvalidDataException("The log of arrivals names a statement that it does not hold.");
            var values = new object?[ReadNumber(ref record)];
            for (var i = 0; i < values.Length; i++)
                values[i] = ReadValue(ref record);
            session.Execute(sql, values);
        }
    }

    private void Value(object? value)
    {
        switch (value)
        {
            case null:
                Room(1)[0] = (byte)Kind.Null;
                break;
            case string text:
                Room(1)[0] = (byte)Kind.Text;
                Text(text);
                break;
            case JsonText json:
                Room(1)[0] = (byte)Kind.Text;
                Number(json.Octets.Length);
                json.Octets.CopyTo(Room(json.Octets.Length));
                break;
            case double number:
                Room(1)[0] = (byte)Kind.Real;
                BinaryPrimitives.WriteDoubleLittleEndian(Room(sizeof(double)), number);
                break;
            case byte[] octets:
                Octets(octets);
                break;
            case ReadOnlyMemory<byte> octets:
                Octets(octets.Span);
                break;
            default:
                Room(1)[0] = (byte)Kind.Integer;
                BinaryPrimitives.WriteInt64LittleEndian(Room(sizeof(long)), value is long number64 ? number64 : value is int number32 ? number32 : value is true ? 1 : value is false ? 0
                    : throw new ArgumentException($"A column takes no {value.GetType().Name}.", nameof(value)));
                break;
        }
    }

    private void Number(int number) => BinaryPrimitives.WriteInt32LittleEndian(Room(sizeof(int)), number);

    private void Octets(ReadOnlySpan<byte> octets)
    {
        Room(1)[0] = (byte)Kind.Octets;
        Number(octets.Length);
        octets.CopyTo(Room(octets.Length));
    }

    private void Text(string text)
    {
        var start = _count;
        _ = Room(sizeof(int) + Encoding.UTF8.GetMaxByteCount(text.Length));
        var length = Encoding.UTF8.GetBytes(text, _buffer.AsSpan(start + sizeof(int)));
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(start), length);
        _count = start + sizeof(int) + length;
    }

    private Span<byte> Room(int length)
    {
        if (_buffer.Length - _count < length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _count + length));
        _count += length;
        return _buffer.AsSpan(_count - length, length);
    }

    private static object? ReadValue(ref ReadOnlySpan<byte> record)
    {
        var kind = (Kind)Take(ref record, 1)[0];
        return kind switch
        {
            Kind.Null => null,
            Kind.Text => Encoding.UTF8.GetString(ReadOctets(ref record)),
            Kind.Integer => BinaryPrimitives.ReadInt64LittleEndian(Take(ref record, sizeof(long))),
            Kind.Real => BinaryPrimitives.ReadDoubleLittleEndian(Take(ref record, sizeof(double))),
            Kind.Octets => ReadOctets(ref record).ToArray(),
            _ => throw new InvalidDataException($"The log of arrivals holds a value of kind {(int)kind}."),
        };
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt32LittleEndian(Take(ref record, sizeof(int)));

    private static ReadOnlySpan<byte> ReadOctets(ref ReadOnlySpan<byte> record) => Take(ref record, ReadNumber(ref record));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> record, int length)
    {
        if ((uint)length > (uint)record.Length)
            throw new InvalidDataException("The log of arrivals ends within a statement.");
        var taken = record[..length];
        record = record[length..];
        return taken;
    }

    private enum Kind : byte
    {
        Null,
        Text,
        Integer,
        Real,
        Octets,
    }
}
