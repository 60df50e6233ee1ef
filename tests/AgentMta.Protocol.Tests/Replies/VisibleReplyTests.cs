using AgentMta.Protocol.Replies;
using AgentMta.Protocol.Tests.Support;

namespace AgentMta.Protocol.Tests.Replies;

public sealed class VisibleReplyTests
{
    [Theory]
    [InlineData("On Mon, Jun 1, 2026 at 9:00 AM Ann <ann@x.test> wrote:")]
    [InlineData("On 2026-06-01 09:00, Ann wrote:")]
    [InlineData("On Mon, Jun 1, 2026 at 9:00 AM Ann Example <\nann@x.test> wrote:")]
    [InlineData("On Mon, Jun 1, 2026 at 9:00 AM Ann Example on behalf of Bob\n<ann@x.test>\nwrote:")]
    [InlineData("Am 01.06.2026 um 09:00 schrieb Ann <ann@x.test>:")]
    [InlineData("Ann <ann@x.test> schrieb am Mo., 1. Juni\n2026, 09:00:")]
    [InlineData("Le lun. 1 juin 2026 à 09:00, Ann <ann@x.test> a écrit :")]
    [InlineData("El lun, 1 jun 2026 a las 9:00, Ann (<ann@x.test>) escribió:")]
    [InlineData("Il giorno lun 1 giu 2026 alle ore 09:00 Ann <ann@x.test> ha scritto:")]
    [InlineData("Em seg., 1 de jun. de 2026 às 09:00, Ann <ann@x.test> escreveu:")]
    [InlineData("Op ma 1 jun 2026 om 09:00 schreef Ann <ann@x.test>:")]
    [InlineData("Den mån 1 juni 2026 kl 09:00 skrev Ann <ann@x.test>:")]
    [InlineData("man. 1. jun. 2026 kl. 09:00 skrev Ann <ann@x.test>:")]
    [InlineData("ma 1. kesäk. 2026 klo 9.00 Ann (ann@x.test) kirjoitti:")]
    [InlineData("pon., 1 cze 2026 o 09:00 Ann <ann@x.test> napisał(a):")]
    [InlineData("пн, 1 июн. 2026 г. в 09:00, Ann <ann@x.test>:")]
    [InlineData("1 июня 2026 г., 9:00 пользователь Ann <ann@x.test> написал:")]
    [InlineData("Ann <ann@x.test>, 1 Haz 2026 Pzt, 09:00 tarihinde şunu yazdı:")]
    [InlineData("Ann <ann@x.test> 于2026年6月1日周一 09:00写道：")]
    [InlineData("2026年6月1日(月) 9:00 Ann <ann@x.test>:")]
    [InlineData("2026년 6월 1일 (월) 오전 9:00, Ann <ann@x.test>님이 작성:")]
    [InlineData("Vào 09:00, Th 2, 1 thg 6, 2026 Ann <ann@x.test> đã viết:")]
    [InlineData("po 1. 6. 2026 v 9:00 odesílatel Ann <ann@x.test> napsal:")]
    [InlineData("---- On Mon, 01 Jun 2026 09:00:00 +0200 ann@x.test wrote ----")]
    [InlineData("Quoting Ann <ann@x.test>:")]
    public void What_introduces_a_quotation_goes_with_it(string introduction)
    {
        Assert.Equal("My answer.", VisibleReply.FromText($"My answer.\n\n{introduction}\n\n> quoted\n> words\n"));
        Assert.Equal("My answer.", VisibleReply.FromText($"My answer.\n{introduction}\n> quoted\n"));
    }

    [Theory]
    [InlineData("From: Ann <ann@x.test>\nSent: Monday, June 1, 2026 9:00 AM\nTo: Bob\nSubject: Hi")]
    [InlineData("________________________________\nFrom: Ann <ann@x.test>\nSent: Monday, June 1, 2026\nTo: Bob\nSubject: Hi")]
    [InlineData("*Von:* Ann\n*Gesendet:* Montag, 1. Juni 2026\n*An:* Bob\n*Betreff:* Hallo")]
    [InlineData("De : Ann [mailto:ann@x.test]\nEnvoyé : lundi 1 juin 2026\nÀ : Bob\nObjet : Salut")]
    [InlineData("De: Ann\nEnviado el: lunes, 1 de junio de 2026\nPara: Bob\nAsunto: Hola")]
    [InlineData("Da: Ann\nInviato: lunedì 1 giugno 2026\nA: Bob\nOggetto: Ciao")]
    [InlineData("Van: Ann\nVerzonden: maandag 1 juni 2026\nAan: Bob\nOnderwerp: Hoi")]
    [InlineData("Från: Ann\nSkickat: den 1 juni 2026\nTill: Bob\nÄmne: Hej")]
    [InlineData("Fra: Ann\nSendt: 1. juni 2026\nTil: Bob\nEmne: Hej")]
    [InlineData("Lähettäjä: Ann\nLähetetty: maanantai 1. kesäkuuta 2026\nVastaanottaja: Bob\nAihe: Hei")]
    [InlineData("Od: Ann\nWysłano: poniedziałek, 1 czerwca 2026\nDo: Bob\nTemat: Cześć")]
    [InlineData("От: Ann\nОтправлено: 1 июня 2026\nКому: Bob\nТема: Привет")]
    [InlineData("发件人: Ann\n发送时间: 2026年6月1日\n收件人: Bob\n主题: 你好")]
    [InlineData("差出人: Ann\n送信日時: 2026年6月1日\n宛先: Bob\n件名: こんにちは")]
    [InlineData("보낸 사람: Ann\n보낸 날짜: 2026년 6월 1일\n받는 사람: Bob\n제목: 안녕")]
    [InlineData("-----Original Message-----\nFrom: Ann")]
    [InlineData("-------- Ursprüngliche Nachricht --------\nVon: Ann")]
    [InlineData("-----Message d'origine-----\nDe : Ann")]
    [InlineData("-----Mensaje original-----")]
    public void A_header_block_or_headline_ends_the_reply(string block) =>
        Assert.Equal("My answer.", VisibleReply.FromText($"My answer.\n\n{block}\n\nold words\nmore old words\n"));

    [Theory]
    [InlineData("My answer.\n\n-- \nAnn Example\nx.test", "My answer.")]
    [InlineData("My answer.\n--\nAnn", "My answer.")]
    [InlineData("My answer.\n\nSent from my iPhone", "My answer.")]
    [InlineData("My answer.\n\nVon meinem iPhone gesendet", "My answer.")]
    [InlineData("My answer.\n\nGet Outlook for iOS<https://aka.ms/x>", "My answer.")]
    [InlineData("My answer.\n\niPhoneから送信", "My answer.")]
    [InlineData("My answer.\n\n发自我的iPhone", "My answer.")]
    [InlineData("My answer.\n\n_______________________________________________\nusers mailing list\nusers@x.test", "My answer.")]
    [InlineData("My answer.\n\nThis email and its attachments are confidential.\nDelete it.", "My answer.")]
    [InlineData("On 1 Jun 2026, at 09:00, Ann <ann@x.test> wrote:\n> q\n\nMy answer.\n\n-- \nBob", "My answer.")]
    [InlineData("My answer.\n\nOn 1 Jun 2026, at 09:00, Ann <ann@x.test> wrote:\n\nunmarked quotation\n\nmore", "My answer.")]
    public void Signatures_footers_and_quotations_go(string text, string reply) => Assert.Equal(reply, VisibleReply.FromText(text));

    [Theory]
    [InlineData("Hi,\n\nThanks for the docs.\n\nBest regards,\nAnn")]
    [InlineData("On Monday the invoices were sent:\n- one\n- two")]
    [InlineData("Please book:\nFrom: Berlin\nTo: Munich\nDate: 3 May")]
    [InlineData("She wrote: the docs are done.")]
    [InlineData("Sent from the warehouse on Monday, it should arrive soon.")]
    [InlineData("Points:\n-- first\n-- second")]
    [InlineData("```\n-- \nSent from my code\n```\nSee above.")]
    [InlineData("a > b\n> 5 is a single line\nand so on")]
    [InlineData("FYI\n\n---------- Forwarded message ----------\nFrom: Ann <ann@x.test>\nSubject: Hi\n\nwords\n\n-- \nAnn")]
    [InlineData("Begin forwarded message:\n\nFrom: Ann <ann@x.test>\nSubject: Hi\n\nwords")]
    [InlineData("Fwd: Invoice\nFrom: ann@x.test\nDate: Mon, 1 Jun 2026\n\nwords")]
    [InlineData("> First question?\n> Details.\n\nMy first answer.\n\n> Second question?\n> Details.\n\nMy second answer.")]
    [InlineData("Delivery has failed to bob@x.test\n\nFinal-Recipient: rfc822; bob@x.test\nStatus: 5.1.1")]
    [InlineData("2026-01-15 14:30:25\n15.01.2026 14:30\nare examples.")]
    public void What_the_author_wrote_stays_whole(string text) => Assert.Equal(text, VisibleReply.FromText(text));

    [Fact]
    public void Answers_between_quotations_keep_what_they_answer() =>
        Assert.Equal("> q1\n> q1\n\nA1\n\n> q2\n\nA2", VisibleReply.FromText("On 1 Jun 2026, at 09:00, Ann <ann@x.test> wrote:\n> q1\n> q1\n\nA1\n\n> q2\n\nA2\n\n> the rest\n"));

    [Fact]
    public void The_subject_of_a_forward_keeps_its_header_block()
    {
        const string text = "FYI\n\nFrom: Ann <ann@x.test>\nSent: Monday, June 1, 2026\nTo: Bob\nSubject: Hi\n\nwords";
        Assert.Equal("FYI", VisibleReply.FromText(text, "Re: Hi"));
        Assert.Equal(text, VisibleReply.FromText(text, "WG: Hi"));
    }

    [Theory]
    [InlineData("<div>My answer.</div><div class=gmail_quote><div class=gmail_attr>unbekannte Sprache, Ann:<br></div><blockquote class=gmail_quote>old</blockquote></div>", "<div>My answer.</div>")]
    [InlineData("<div>My answer.</div><br><div id=appendonsend></div><hr><div id=divRplyFwdMsg>unknown</div><div>old</div>", "<div>My answer.</div><div id=\"appendonsend\"></div>")]
    [InlineData("<p>My answer.</p><div class=moz-cite-prefix>Ann</div><blockquote type=cite>old</blockquote><p>More.</p>", "<p>My answer.</p><p>More.</p>")]
    [InlineData("<div>My answer.</div><div class=gmail_signature>Ann</div>", "<div>My answer.</div>")]
    [InlineData("<div>My answer.</div><div class=yahoo_quoted><div>Am Montag schrieb Ann:</div><div>old</div></div>", "<div>My answer.</div>")]
    [InlineData("<div>One<br>-- <br>Ann</div>", "<div>One<br></div>")]
    [InlineData("<blockquote style='margin:0 0 0 40px;border:none;padding:0'>indented</blockquote>", "<blockquote style='margin:0 0 0 40px;border:none;padding:0'>indented</blockquote>")]
    [InlineData("<div>FYI</div><div class=gmail_quote><div class=gmail_attr>---------- Forwarded message ---------<br>From: Ann</div>words</div>", "<div>FYI</div><div class=gmail_quote><div class=gmail_attr>---------- Forwarded message ---------<br>From: Ann</div>words</div>")]
    public void Html_loses_what_programs_mark_as_history_or_signature(string html, string reply) => Assert.Equal(reply, VisibleReply.FromHtml(html));

    [Theory]
    [InlineData("On 1\n")]
    [InlineData("> a\n\nb\n")]
    [InlineData(">")]
    [InlineData("On Mon, Jan 1, 2020 at 10:00 Ann <ann@x.test>\n")]
    [InlineData("a On Mon, Jan 1 2020 10:00 <a@b> wrote: ")]
    [InlineData("```\n")]
    [InlineData("--\na\n")]
    [InlineData("a\n_________\n")]
    public void Hostile_text_costs_linear_time(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
        Assert.True(VisibleReply.FromText(text).Length <= text.Length);
        VisibleReply.FromHtml(text.Replace("\n", "<br>", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("<pre>", "line\n")]
    [InlineData("answer<pre>", "On Mon, Jan 1, 2020 at 10:00 Ann &lt;ann@x.test&gt; wrote:\n&gt; a\n")]
    public Task Preformatted_lines_cost_linear_time(string start, string piece) => LinearTime.HoldsAsync(32_000, size =>
    {
        VisibleReply.FromHtml(start + string.Concat(Enumerable.Repeat(piece, size)));
        return Task.CompletedTask;
    });

    [Fact]
    public void Preformatted_lines_are_judged_once() =>
        Assert.Equal("<pre>One.\nTwo.\n</pre>", VisibleReply.FromHtml("<pre>One.\nTwo.\n-- \nAnn</pre>"));

    [Fact]
    public void Random_lines_never_throw()
    {
        string[] pieces = ["> ", "On 1 Jan 2020 10:00 a@b.c", " wrote:", "\n", "\n\n", "-- \n", "From: a@b.c", "Sent: 1", "Subject: x", "-----Original Message-----", "text", "<", ">", "```", "Sent from my iPhone", "<blockquote>", "<br>", "<div class=gmail_signature>", "</div>", "<pre>", "\uD83D", "：", "于", "："];
        var random = FuzzRounds.Random(3676);
        for (var i = 0; i < FuzzRounds.Of(2000); i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => pieces[random.Next(pieces.Length)]));
            VisibleReply.FromText(text);
            VisibleReply.FromHtml(text);
        }
    }
}
