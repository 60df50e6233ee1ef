using System.IO.Compression;
using System.Text;

namespace AgentMta.Server.Store.Sqlite;

/// <summary>What was indexed of a document, in few octets.</summary>
internal static class SearchFieldsCodec
{
    /// <summary>Packs the fields and the words of the document's scope.</summary>
    public static byte[] Write(SearchFields fields, string scope)
    {
        using var octets = new MemoryStream();
        using (var packed = new DeflateStream(octets, CompressionLevel.Fastest))
        using (var writer = new BinaryWriter(packed, Encoding.UTF8))
        {
            writer.Write(scope);
            writer.Write(fields.Subject);
            writer.Write(fields.From);
            WriteList(writer, fields.Recipients);
            WriteList(writer, fields.Attachments);
            writer.Write(fields.Text);
        }

        return octets.ToArray();
    }

    /// <summary>Unpacks them.</summary>
    public static (SearchFields Fields, string Scope) Read(byte[] octets)
    {
        using var packed = new DeflateStream(new MemoryStream(octets), CompressionMode.Decompress);
        using var reader = new BinaryReader(packed, Encoding.UTF8);
        var scope = reader.ReadString();
        return (new SearchFields(reader.ReadString(), reader.ReadString(), ReadList(reader), ReadList(reader), reader.ReadString()), scope);
    }

    private static void WriteList(BinaryWriter writer, IReadOnlyList<string> values)
    {
        writer.Write7BitEncodedInt(values.Count);
        foreach (var value in values)
            writer.Write(value);
    }

    private static List<string> ReadList(BinaryReader reader)
    {
        var values = new List<string>();
        for (var count = reader.Read7BitEncodedInt(); count > 0; count--)
            values.Add(reader.ReadString());
        return values;
    }
}
