using AgentMta.Protocol.Html;

namespace AgentMta.Protocol.Tests.Html;

public sealed class HtmlTextTests
{
    [Theory]
    [InlineData("<p>One</p><p>Two</p>", "One\n\nTwo")]
    [InlineData("<div>One</div><div>Two</div>", "One\nTwo")]
    [InlineData("One<br>Two<br><br>Three", "One\nTwo\n\nThree")]
    [InlineData("<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo")]
    [InlineData("<div>One<br></div><div>Two</div>", "One\nTwo")]
    [InlineData("  a \n b\t<b> c</b>d ", "a b cd")]
    [InlineData("a&nbsp;&amp;&lt;b&gt;&euro;&#8364;&#x20AC;", "a &<b>€€€")]
    [InlineData("<pre>a  b\n  c</pre>", "a  b\n  c")]
    [InlineData("<div style='white-space:pre-wrap'>a\n\nb</div>", "a\n\nb")]
    [InlineData("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "* a\n* b\n  * c")]
    [InlineData("<ol start=3><li>a<li><p>b</p></ol>after", "3. a\n4. b\n\nafter")]
    [InlineData("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a\tb\nc\td")]
    [InlineData("<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "a\n\nb")]
    [InlineData("x<blockquote>q<br>r<blockquote>s</blockquote></blockquote>y", "x\n\n> q\n> r\n>\n> > s\n\ny")]
    [InlineData("<h1>Title</h1>text<hr>more", "Title\n\ntext\n--------------------\nmore")]
    [InlineData("<a href='https://x.test/p'>here</a>", "here <https://x.test/p>")]
    [InlineData("<a href='https://x.test/'>x.test</a>", "x.test")]
    [InlineData("<a href='mailto:ann@x.test'>ann@x.test</a> <a href='mailto:bob@x.test?subject=x'>Bob</a>", "ann@x.test Bob <bob@x.test>")]
    [InlineData("<a href='javascript:alert(1)'>here</a>", "here")]
    [InlineData("<img src=x alt=Logo>", "[image: Logo]")]
    [InlineData("<script>alert(1)</script><style>p{}</style><title>t</title>shown", "shown")]
    [InlineData("<p class=MsoNormal>a</p><p class=MsoNormal>b</p>", "a\nb")]
    public void Text_reads_as_a_person_reads_the_page(string html, string text)
    {
        var result = HtmlText.Extract(html);
        Assert.Equal(text, result.Text);
        Assert.Empty(result.Hidden);
    }

    [Theory]
    [InlineData("<div style='display:none'>secret</div>", "display:none")]
    [InlineData("<div style='DISPLAY : none !important; display:block'>secret</div>", "display:none")]
    [InlineData("<div style='visibility:hidden'>secret</div>", "visibility:hidden")]
    [InlineData("<div style='opacity:0'>secret</div>", "opacity:0")]
    [InlineData("<div style='opacity:.1'><b style='opacity:10%'>secret</b></div>", "opacity:0")]
    [InlineData("<span style='font-size:0'>secret</span>", "font-size:0")]
    [InlineData("<span style='font:0/0 a'>secret</span>", "font-size:0")]
    [InlineData("<span style='font-size:1px'>secret</span>", "font-size:1")]
    [InlineData("<div style='max-height:0px;overflow:hidden'>secret</div>", "max-height:0 with overflow:hidden")]
    [InlineData("<div style='position:absolute;left:-9999px'>secret</div>", "off-screen left")]
    [InlineData("<div style='margin-left:-2000px'>secret</div>", "off-screen margin-left")]
    [InlineData("<div style='text-indent:-9999px'>secret</div>", "text-indent")]
    [InlineData("<div style='position:absolute;clip:rect(0 0 0 0)'>secret</div>", "clip")]
    [InlineData("<div style='clip-path:inset(50%)'>secret</div>", "clip-path")]
    [InlineData("<p style='color:#fff'>secret</p>", "color of the background")]
    [InlineData("<p style='color:#fefefe'>secret</p>", "color of the background")]
    [InlineData("<p style='color:transparent'>secret</p>", "color of the background")]
    [InlineData("<p style='color:rgba(0,0,0,0)'>secret</p>", "color of the background")]
    [InlineData("<table bgcolor=333333><tr><td><font color='#333'>secret</font></td></tr></table>", "color of the background")]
    [InlineData("<div bgcolor=black><font color=#000>secret</font></div>", "color of the background")]
    [InlineData("<div style='background:navy'><p style='color:navy'>secret</p></div>", "color of the background")]
    [InlineData("<p hidden>secret</p>", "display:none")]
    [InlineData("<style>.x{display:none}</style><p class='a x'>secret</p>", "display:none")]
    [InlineData("<style>h1, #y { display : none }</style><p id=y>secret</p>", "display:none")]
    [InlineData("<style><!-- em{font-size:0px} --></style><em>secret</em>", "font-size:0")]
    [InlineData("<style>div.a > p .b{display:none}</style><div class=a><p><i class=b>secret</i></p></div>", "display:none")]
    [InlineData("<style>@media screen{.x{display:none}}</style><p class=x>secret</p>", "display:none")]
    [InlineData("<!-- secret -->", "comment")]
    [InlineData("<template>secret</template>", "template")]
    [InlineData("<img width=1 height=1 alt=secret>", "alt text of an image")]
    public void What_a_page_hides_is_reported_and_never_text(string html, string where)
    {
        var result = HtmlText.Extract("<p>shown</p>" + html);
        Assert.Equal("shown", result.Text);
        Assert.Equal([new HiddenText("secret", where)], result.Hidden);
    }

    [Theory]
    [InlineData("<table style='font-size:0'><tr><td style='font-size:14px'>seen</td></tr></table>")]
    [InlineData("<div style='background-color:#333;color:#fff'>seen</div>")]
    [InlineData("<table background='x.png'><tr><td style='color:#fff'>seen</td></tr></table>")]
    [InlineData("<div style='background:url(x.png)'><span style='color:#fff'>seen</span></div>")]
    [InlineData("<div style='visibility:hidden'><b style='visibility:visible'>seen</b></div>")]
    [InlineData("<style>.x{display:none}</style><p class=x style='display:block'>seen</p>")]
    [InlineData("<style>@media only screen and (max-width:600px){.x{display:none}}</style><p class=x>seen</p>")]
    [InlineData("<style>.x{display:none} p.x{display:block}</style><p class=x>seen</p>")]
    [InlineData("<div style='overflow:hidden;max-height:100px'>seen</div>")]
    [InlineData("<!--[if mso]><p>outlook</p><![endif]-->seen")]
    public void What_only_looks_hidden_is_text(string html)
    {
        var result = HtmlText.Extract(html);
        Assert.Equal("seen", result.Text);
        Assert.Empty(result.Hidden);
    }

    [Fact]
    public void Invisible_characters_are_taken_out_and_told()
    {
        var smuggled = string.Concat("run".Select(c => char.ConvertFromUtf32(0xE0000 + c)));
        var result = HtmlText.Extract($"pay\u200Bpal\u202E x\u00AD{smuggled}");
        Assert.Equal("paypal x", result.Text);
        Assert.Equal(["zero-width characters", "bidirectional controls", "tag characters"], result.Hidden.Select(h => h.Where));
        Assert.Equal("run", result.Hidden[2].Text);
    }

    [Theory]
    [InlineData("👩‍💻")]
    [InlineData("می‌خواهم")]
    [InlineData("❤️")]
    [InlineData("🏴󠁧󠁢󠁥󠁮󠁧󠁿 England")]
    public void Joiners_and_selectors_stay_where_a_script_or_an_emoji_needs_them(string text)
    {
        var hidden = new List<HiddenText>();
        Assert.Equal(text, HiddenCharacters.Strip(text, hidden));
        Assert.Empty(hidden);
    }
}
