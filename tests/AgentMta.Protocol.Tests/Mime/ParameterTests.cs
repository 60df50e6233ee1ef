using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class ParameterTests
{
    [Theory]
    [InlineData("attachment; filename=\"a b.txt\"", "a b.txt")]
    [InlineData("attachment; filename=a.txt; size=3", "a.txt")]
    [InlineData("attachment; filename=Invoice_(30223).pdf", "Invoice_(30223).pdf")]
    [InlineData("attachment; filename=\"no end.txt", "no end.txt")]
    [InlineData("attachment; filename=\"a\\\"b.txt\"", "a\"b.txt")]
    [InlineData("attachment; filename = \"a.txt\" (comment)", "a.txt")]
    [InlineData("attachment;; ;filename=a.txt", "a.txt")]
    [InlineData("attachment filename=a.txt", "a.txt")]
    [InlineData("filename=a.txt", "a.txt")]
    [InlineData("attachment; FILENAME=a.txt; filename=b.txt", "a.txt")]
    [InlineData("attachment; filename*=utf-8''%e2%82%ac%20rates.txt", "€ rates.txt")]
    [InlineData("attachment; filename*=iso-8859-1'en'%A3%20rates", "£ rates")]
    [InlineData("attachment; filename*0=\"long \"; filename*1=\"name\"; filename*2=.txt", "long name.txt")]
    [InlineData("attachment; filename*1=b; filename*0=a; filename*2=c", "abc")]
    [InlineData("attachment; filename*0*=utf-8''%E2; filename*1*=%82; filename*2*=%AC; filename*3=.txt", "€.txt")]
    [InlineData("attachment; filename=fallback.txt; filename*=utf-8''%C3%BC.txt", "ü.txt")]
    [InlineData("attachment; filename*=%C3%BC.txt", "ü.txt")]
    [InlineData("attachment; filename*=utf-8''100%.txt", "100%.txt")]
    [InlineData("attachment; filename=\"=?utf-8?Q?=C3=BC.txt?=\"", "ü.txt")]
    [InlineData("attachment; filename==?utf-8?Q?=C3=BC.txt?=", "ü.txt")]
    [InlineData("attachment; filename*0=\"=?utf-8?Q?=C3=\"; filename*1=\"BC.txt?=\"", "ü.txt")]
    public void File_names_come_in_many_forms(string field, string expected) => Assert.Equal(expected, ContentDisposition.Parse(field).FileName);

    [Theory]
    [InlineData("text/html; charset=utf-8", "text/html", "utf-8")]
    [InlineData("TEXT/Html;charset=\"utf-8\"", "text/html", "utf-8")]
    [InlineData("text/html charset=utf-8", "text/html", "utf-8")]
    [InlineData("text/plain; (a comment) charset=us-ascii (Plain; text)", "text/plain", "us-ascii")]
    [InlineData("\"text/plain\"; charset=x", "text/plain", "x")]
    [InlineData("application/x-foo;;;", "application/x-foo", null)]
    public void Types_are_read_with_their_faults(string field, string type, string? charset)
    {
        var parsed = ContentType.Parse(field)!;
        Assert.Equal(type, parsed.MediaType);
        Assert.Equal(charset, parsed.Charset);
    }

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("/plain")]
    [InlineData("text/")]
    [InlineData("charset=a/b")]
    public void What_is_no_type_is_none(string field) => Assert.Null(ContentType.Parse(field));

    [Fact]
    public void Many_segments_take_linear_time()
    {
        var field = "attachment" + string.Concat(Enumerable.Range(0, 50_000).Select(i => $"; filename*{i}=a"));
        Assert.Equal(1000, ContentDisposition.Parse(field).FileName!.Length);
    }

    [Theory]
    [InlineData("a.txt", "filename=\"a.txt\"")]
    [InlineData("a\"b\\.txt", "filename=\"a\\\"b\\\\.txt\"")]
    [InlineData("ü.txt", "filename*=utf-8''%C3%BC.txt")]
    public void Parameters_are_written_as_they_need_to_be(string value, string expected) =>
        Assert.Equal(expected, Assert.Single(ParameterWriter.Write("filename", value)));

    [Fact]
    public void A_long_name_is_written_in_segments_that_read_back()
    {
        var name = string.Concat(Enumerable.Repeat("日本語 ", 40)) + ".pdf";
        var segments = ParameterWriter.Write("filename", name).ToList();
        Assert.True(segments.Count > 5);
        Assert.All(segments, s => Assert.True(s.Length <= 78));
        Assert.Equal(name, ContentDisposition.Parse("attachment; " + string.Join("; ", segments)).FileName);
    }
}
