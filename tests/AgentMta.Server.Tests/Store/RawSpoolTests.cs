using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Store;

public sealed class RawSpoolTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("raws-").FullName;
    private readonly RawSpool _spool;

    public RawSpoolTests() => _spool = new RawSpool(_folder, freeSpaceFloor: 1, TimeProvider.System);

    public void Dispose()
    {
        _spool.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(RawContent.InlineLimit, false)]
    [InlineData(RawContent.InlineLimit + 1, true)]
    [InlineData(3_000_000, true)]
    public async Task What_is_written_is_read_and_only_large_messages_lie_in_files(int size, bool inFile)
    {
        var octets = Octets(size);
        using var writer = _spool.Begin();
        using (var content = await WriteAsync(writer, octets))
        {
            Assert.Equal(octets, content.Bytes.ToArray());
            Assert.Equal(inFile, content.File is not null);
            Assert.Equal(inFile ? 1 : 0, Files().Length);
            if (inFile)
            {
                using var opened = _spool.Open(content.File!);
                Assert.Equal(octets, opened.Bytes.ToArray());
            }
        }

        writer.Dispose();
        Assert.Equal(inFile ? 1 : 0, Files().Length); // completed: the file is no longer the writer's to remove
    }

    [Fact]
    public void A_message_that_is_not_completed_leaves_no_file()
    {
        using (var writer = _spool.Begin())
        {
            Fill(writer, new byte[200_000]);
            Assert.Single(Files());
        }

        Assert.Empty(Files());
    }

    [Fact]
    public async Task The_floor_is_seen_within_the_second_in_which_a_flood_of_mail_reaches_it()
    {
        var time = new ManualTimeProvider();
        var free = 10_000_000L;
        using var spool = new RawSpool(_folder, freeSpaceFloor: 4_000_000, time) { FreeSpace = _ => free };
        Assert.True(spool.HasRoom());

        await TakeAsync(spool, 5_000_000);
        free -= 5_000_000;
        Assert.True(spool.HasRoom());
        await TakeAsync(spool, 2_000_000);
        free -= 2_000_000;
        Assert.False(spool.HasRoom());

        free = 10_000_000;
        Assert.False(spool.HasRoom()); // a full disk is asked about once a second
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(spool.HasRoom());
    }

    [Fact]
    public void A_disk_below_the_floor_is_told_of_once_and_so_is_its_end()
    {
        var (time, free) = (new ManualTimeProvider(), 5_000_000L);
        using var log = new LineLog();
        using var spool = new RawSpool(_folder, freeSpaceFloor: 4_000_000, time) { FreeSpace = _ => free, Log = log };
        foreach (var now in new[] { 5_000_000L, 3_999_999, 3_000_000, 9_000_000, 9_000_000 })
        {
            free = now;
            spool.HasRoom();
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Collection(
            log.Lines, line => Assert.StartsWith("The disk has 3999999 octets left, and FreeSpaceFloor is 4000000: mail is deferred", line, StringComparison.Ordinal),
            line => Assert.StartsWith("The disk has room again: 9000000", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Small_messages_count_for_what_the_database_makes_of_them()
    {
        var free = 5_000_000L;
        using var spool = new RawSpool(_folder, freeSpaceFloor: 4_000_000, new ManualTimeProvider()) { FreeSpace = _ => free };
        Assert.True(spool.HasRoom());
        for (var i = 0; i < 10; i++)
            await TakeAsync(spool, 40_000);
        free = 3_900_000;

        Assert.False(spool.HasRoom());
    }

    [Fact]
    public async Task Files_that_nothing_names_are_swept()
    {
        using var one = _spool.Begin();
        using var two = _spool.Begin();
        using var kept = await WriteAsync(one, new byte[100_000]);
        using var lost = await WriteAsync(two, new byte[100_000]);
        Assert.Equal(1, _spool.Folders().Sum(name => _spool.DeleteOrphans(name, new HashSet<string> { kept.File! })));
        Assert.Equal([kept.File], Files().Select(f => Path.GetRelativePath(_folder, f)));
        _spool.Delete(kept.File!);
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("ab/../0123456789012345678901.eml")]
    [InlineData("")]
    [InlineData("../01234567890123456789012345.eml")]
    public void Only_names_of_its_own_form_are_opened(string name) => Assert.Throws<ArgumentException>(() => _spool.Open(name));

    [Fact]
    public async Task Files_are_for_their_owner_alone()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var writer = _spool.Begin();
        using var content = await WriteAsync(writer, new byte[100_000]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Files()[0]));
    }

    [Fact]
    public void Room_is_measured_against_the_floor()
    {
        Assert.True(_spool.HasRoom());
        Assert.False(new RawSpool(_folder, long.MaxValue, TimeProvider.System).HasRoom());
        Assert.True(new RawSpool(Path.Combine(_folder, "not", "yet", "made"), 1, TimeProvider.System).HasRoom());
    }

    [Fact]
    public async Task Any_number_of_large_messages_can_be_open_at_once_each_with_its_own_octets()
    {
        var sizes = Enumerable.Range(0, 40).Select(i => 100_000 + (i * 37_000)).ToList(); // some are read into buffers, which run out, some are mapped
        for (var round = 0; round < 3; round++)
        {
            var open = new List<RawContent>();
            foreach (var size in sizes)
            {
                using var writer = _spool.Begin();
                open.Add(await WriteAsync(writer, Octets(size)));
            }

            for (var i = 0; i < sizes.Count; i++)
            {
                Assert.True(open[i].Bytes.Span.SequenceEqual(Octets(sizes[i])));
                open[i].Rest();
                Assert.True(open[i].Bytes.Span.SequenceEqual(Octets(sizes[i]))); // comes again where it is read again
            }

            open.ForEach(content => content.Dispose());
            open.ForEach(content => content.Dispose()); // twice gives no buffer to two
        }
    }

    private static byte[] Octets(int size)
    {
        var octets = new byte[size];
        new Random(size).NextBytes(octets);
        return octets;
    }

    private static async Task<RawContent> WriteAsync(RawWriter writer, byte[] octets)
    {
        Fill(writer, octets);
        return await writer.CompleteAsync();
    }

    private static void Fill(RawWriter writer, byte[] octets)
    {
        for (var at = 0; at < octets.Length;)
            at += FillSome(writer, octets.AsSpan(at));
    }

    private static int FillSome(RawWriter writer, ReadOnlySpan<byte> octets)
    {
        var room = writer.Room();
        var count = Math.Min(room.Length, octets.Length);
        octets[..count].CopyTo(room);
        writer.Advance(count);
        return count;
    }

    private string[] Files() => Directory.GetFiles(_folder, "*.eml", SearchOption.AllDirectories);

    private static async Task TakeAsync(RawSpool spool, int octets)
    {
        using var writer = spool.Begin();
        using var content = await WriteAsync(writer, new byte[octets]);
    }
}
