using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>The file of a large message whose commit could not be flushed: the row may be there after a restart, and then the sender's retry is a duplicate.</summary>
public sealed class UnsureFileTests
{
    [Fact]
    public async Task A_file_stays_where_its_message_was_refused_and_may_be_stored_all_the_same()
    {
        await using var server = await OpenAsync();
        var mail = server.Incoming(Mail(id: "<1@sender.test>", body: new string('x', 70) + "\n"));
        using var raw = await server.Spool.CopyAsync((byte[])[.. mail.Raw.Bytes.Span, .. new byte[100_000]]);
        server.Store.Database.Log!.BeforeFlush = () => throw new IOException("input/output error"); // so that it is committed
        server.Store.Database.BeforeFlush = () => throw new IOException("input/output error");

        Assert.Equal(452, (await server.Receiver.AcceptAsync(mail with { Raw = raw }, default)).Code);
        server.Spool.Delete(raw.File!); // what the door does behind a refusal

        Assert.Equal([raw.File!], await server.Store.Database.GlanceAsync(session => MessageStore.Files(session, raw.File![..2])));
        Assert.True(File.Exists(Path.Combine(server.Store.Folder, "raws", raw.File!)));
    }

    [Fact]
    public async Task A_file_goes_where_its_message_was_refused_for_good()
    {
        await using var server = await OpenAsync();
        var mail = server.Incoming(Mail(id: "<1@sender.test>"));
        using var raw = await server.Spool.CopyAsync((byte[])[.. mail.Raw.Bytes.Span, .. new byte[100_000]]);
        server.Store.Database.Log!.BeforeFlush = () => throw new IOException("input/output error");
        server.Store.Database.BeforeCommit = () => throw new IOException("no space left on device");

        Assert.Equal(452, (await server.Receiver.AcceptAsync(mail with { Raw = raw }, default)).Code);
        server.Spool.Delete(raw.File!);

        Assert.False(File.Exists(Path.Combine(server.Store.Folder, "raws", raw.File!)));
        server.Store.Database.BeforeCommit = null;
    }
}
