using System.Globalization;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class DateParserTests
{
    [Theory]
    [InlineData("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00")]
    [InlineData("21 Nov 97 09:55 GMT", "1997-11-21T09:55:00+00:00")]
    [InlineData("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00")]
    [InlineData("Thu, 13 Feb 1969 23:32:54 -0330 (Newfoundland Time)", "1969-02-13T23:32:54-03:30")]
    [InlineData("1 Jan 49 00:00 EST", "2049-01-01T00:00:00-05:00")]
    [InlineData("1 Jan 50 00:00 PDT", "1950-01-01T00:00:00-07:00")]
    [InlineData("1 Jan 103 00:00 Z", "2003-01-01T00:00:00+00:00")]
    [InlineData("1 Jan 2003 00:00 A", "2003-01-01T00:00:00+00:00")]
    [InlineData("Wed Jan  1 12:34:56 1997", "1997-01-01T12:34:56+00:00")]
    [InlineData("Wed Jan  1 12:34:56 EST 1997", "1997-01-01T12:34:56-05:00")]
    [InlineData("Wed, 1-Jan-97 12:34:56 +0100", "1997-01-01T12:34:56+01:00")]
    [InlineData("2003-04-05T06:07:08+09:30", "2003-04-05T06:07:08+09:30")]
    [InlineData("2003-04-05T06:07:08Z", "2003-04-05T06:07:08+00:00")]
    [InlineData("2003-04-05 06:07:08 -0200", "2003-04-05T06:07:08-02:00")]
    [InlineData("Sat, 5 April 2003 6:07:08 PM", "2003-04-05T18:07:08+00:00")]
    [InlineData("5 Apr 2003 12:07:08 AM", "2003-04-05T00:07:08+00:00")]
    [InlineData("5 Apr 2003 06:07:60 +0000", "2003-04-05T06:07:59+00:00")]
    [InlineData("5 Apr 2003 06:07:08 GMT+0200", "2003-04-05T06:07:08+02:00", true)]
    [InlineData("5 Apr 2003 06:07:08 +9900", "2003-04-01T03:07:08+00:00")]
    [InlineData("5 Apr 2003", "2003-04-05T00:00:00+00:00")]
    [InlineData("30 Feb 2003 00:00:00 +0000", null)]
    [InlineData("yesterday", null)]
    [InlineData("", null)]
    [InlineData("99999999999999999999 Jan 2003", null)]
    [InlineData("1 Jan 0001 00:00 +1400", null)]
    [InlineData("31 Dec 9999 23:59:59 -1200", null)]
    public void Dates_come_in_many_forms(string text, string? expected, bool zoneMayBeLost = false)
    {
        var date = DateParser.Parse(text);
        if (zoneMayBeLost)
            Assert.NotNull(date);
        else
            Assert.Equal(expected, date?.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture));
    }
}
