using AgentMta.Server.Resolver;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Resolver;

public sealed class PublicSuffixFileTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void A_changed_list_is_read_again()
    {
        using var file = new TemporaryFile("com\n");
        var suffixes = new PublicSuffixFile(file.Path, _time, NullLogger.Instance);
        Assert.Equal("b.com", suffixes.Current!.RegistrableDomain("a.b.com"));
        Assert.Same(suffixes.Current, suffixes.Current);

        File.WriteAllText(file.Path, "com\nb.com\n");
        File.SetLastWriteTimeUtc(file.Path, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal("b.com", suffixes.Current.RegistrableDomain("a.b.com"));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("a.b.com", suffixes.Current.RegistrableDomain("a.b.com"));
    }

    [Fact]
    public void A_list_that_goes_away_stays_in_use_and_one_that_never_was_is_none()
    {
        var file = new TemporaryFile("com\n");
        var suffixes = new PublicSuffixFile(file.Path, _time, NullLogger.Instance);
        Assert.NotNull(suffixes.Current);
        file.Dispose();
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.NotNull(suffixes.Current);
        Assert.Null(new PublicSuffixFile("/nonexistent/list", _time, NullLogger.Instance).Current);
    }
}
