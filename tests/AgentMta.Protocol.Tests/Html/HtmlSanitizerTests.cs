using AgentMta.Protocol.Html;

namespace AgentMta.Protocol.Tests.Html;

public sealed class HtmlSanitizerTests
{
    [Theory]
    [InlineData("<p onclick=x()>a</p>", "<p>a</p>")]
    [InlineData("<script>x()</script>a", "a")]
    [InlineData("<SCRIPT SRC=//x.test/x.js></SCRIPT>a", "a")]
    [InlineData("<form action=x><input value=1>a</form>", "a")]
    [InlineData("<iframe src=//x.test></iframe>a<object data=x>b</object><embed src=x>", "a")]
    [InlineData("<a href=\"java\tscript:x()\">a</a>", "<a>a</a>")]
    [InlineData("<a href=' JAVASCRIPT:x()'>a</a>", "<a>a</a>")]
    [InlineData("<a href='data:text/html,x'>a</a>", "<a>a</a>")]
    [InlineData("<a href='//x.test/'>a</a>", "<a>a</a>")]
    [InlineData("<a href='https://x.test/?a=1&amp;b' target=_top>a</a>", "<a href=\"https://x.test/?a=1&amp;b\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">a</a>")]
    [InlineData("<img src='https://x.test/i.png' alt=''>", "<img alt=\"\" data-blocked=\"remote\">")]
    [InlineData("<img src='data:image/svg+xml;base64,AA'>", "<img>")]
    [InlineData("<img src='data:image/png;base64,AA'>", "<img src=\"data:image/png;base64,AA\">")]
    [InlineData("<img src='cid:missing@x'>", "<img>")]
    [InlineData("<p style='color:red;position:fixed;background:url(//x.test/a)'>a</p>", "<p style=\"color:red\">a</p>")]
    [InlineData("<p style='width:expression(x());color:re\\64'>a</p>", "<p>a</p>")]
    [InlineData("<style>p{color:red}@import url(x);</style><p>a</p>", "<p style=\"color:red\">a</p>")]
    [InlineData("<svg><script>x()</script><a xlink:href='javascript:x()'>a</a></svg>", "<a>a</a>")]
    [InlineData("<math><mi><style><img src=x onerror=x()></style></mi></math>", "")]
    [InlineData("<noscript><p title=\"</noscript><img src=x onerror=x()>\">a</p></noscript>", "<p title=\"&lt;/noscript&gt;&lt;img src=x onerror=x()&gt;\">a</p>")]
    [InlineData("<!-- <b>x</b> -->a<![CDATA[x]]>", "a")]
    [InlineData("<custom-tag>a &lt;b&gt; \"c\"</custom-tag>", "a &lt;b&gt; &quot;c&quot;")]
    [InlineData("<meta http-equiv=refresh content='0;url=//x.test'><base href=//x.test>a", "a")]
    public void Only_what_the_lists_allow_passes(string html, string safe) =>
        Assert.Equal($"<div>{safe}</div>", HtmlSanitizer.Sanitize(html).Replace("  ", " ", StringComparison.Ordinal).Replace("> <", "><", StringComparison.Ordinal).Replace("<div> ", "<div>", StringComparison.Ordinal).Replace(" </div>", "</div>", StringComparison.Ordinal));

    [Fact]
    public void Pictures_of_the_message_and_allowed_remote_ones_are_shown()
    {
        var options = new HtmlSanitizerOptions { AllowRemoteImages = true, ResolveContentId = id => id == "a@x" ? "/part/1" : null };
        Assert.Equal("<div><img src=\"/part/1\"><img src=\"https://x.test/i.png\" referrerpolicy=\"no-referrer\" loading=\"lazy\"></div>",
            HtmlSanitizer.Sanitize("<img src=cid:a%40x><img src=https://x.test/i.png>", options));
    }

    [Fact]
    public void The_body_becomes_a_box_of_its_colours() =>
        Assert.Equal("<div style=\"background-color:rgb(0,0,0);margin:0\"><b>a</b></div>", HtmlSanitizer.Sanitize("<body bgcolor=#000 style='margin:0' onload=x()><b>a</b></body>"));

    [Fact]
    public void Sanitising_twice_changes_nothing_more()
    {
        const string html = "<table border=1 width='100%'><tr><td style=\"font-family:'Arial';color:#333\">a &amp; b<br><img alt=x></td></tr></table>";
        var once = HtmlSanitizer.Sanitize(html);
        Assert.Equal($"<div>{once}</div>", HtmlSanitizer.Sanitize(once));
    }
}
