using System.Collections.Frozen;

namespace AgentMta.Protocol.Replies;

/// <summary>The words that mail programs write around quoted mail, in the languages they write them: data only, lower case, one table a meaning.</summary>
internal static class ReplyWords
{
    /// <summary>"wrote", as the last word of a line that introduces a quotation.</summary>
    public static readonly string[] Wrote =
    [
        "wrote", "writes", "a écrit", "a ecrit", "écrit", "schrieb", "schrieb am", "geschrieben", "schreibt", "escribió", "escribio", "ha escrito", "escribe", "ha scritto", "scrisse", "scritto", "scrive",
        "escreveu", "escreveram", "schreef", "geschreven", "schreef op", "skrev", "skreiv", "følgende", "skrifaði", "kirjoitti", "napisał", "napisała", "napisał(a)", "napisal", "napisal(a)", "pisze",
        "написал", "написала", "написал(а)", "пишет", "писал", "писал(а)", "написав", "написала", "пише", "yazdı", "yazmış", "şunları yazdı", "a scris", "đã viết", "viết", "写道", "寫道", "写到", "写了", "來信",
        "のメール", "のメッセージ", "wrote", "書きました", "さんは書きました", "작성", "작성함", "썼습니다", "님이 작성", "كتب", "كتبت", "כתב", "כתבה", "כתב/ה", "έγραψε", "napsal", "napsala", "napsal(a)", "napísal", "napísal(a)",
        "írta", "ezt írta", "menulis", "va escriure", "ha escrit", "rašė", "parašė", "rakstīja", "kirjutas", "napisao", "napisao je", "je napisao", "je napisao/la", "написа", "เขียนว่า", "เขียน", "idatzi du", "escribiu", "ने लिखा",
    ];

    /// <summary>Words that may stand for "wrote" but are common in prose, and so need an address or a time beside them.</summary>
    public static readonly string[] WroteWeak = ["sent", "said", "skrev", "schreibt", "scrive", "viết", "작성", "følgende", "écrit", "เขียน", "escribe", "writes", "pisze", "пише", "пишет"];

    /// <summary>First words of such a line: "On", "Am", "Le" …</summary>
    public static readonly FrozenSet<string> Lead = Set(
        "on am le el il em op på pa den dnia w в у vào in dne v la în pe στις pada ngày 在 于 於 al lúc à al' data a(z) az dňa dana u 20 في ב בתאריך em: sent em, den: tarihinde kl il: le: am: mensaje op: on: d. le, 日時");

    /// <summary>First words that quote by themselves when an address and a colon follow ("Quoting Ann &lt;ann@x&gt;:").</summary>
    public static readonly FrozenSet<string> Quoting = Set("quoting zitat zitiere citando citaat citat selon quote citát cytat idézet цитирование");

    public static readonly FrozenSet<string> Weekdays = Set(
        "mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag " +
        "lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche mié mie jue vie sáb sab dom lunes martes miércoles jueves viernes sábado domingo gio lunedì martedì mercoledì giovedì venerdì sabato domenica " +
        "seg ter qua qui sex segunda terça quarta quinta sexta segunda-feira terça-feira quarta-feira quinta-feira sexta-feira ma wo vr za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag " +
        "mandag tirsdag onsdag torsdag fredag lørdag søndag måndag tisdag lördag söndag man tir ons tor tors fre lør søn mån tis lör sön maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai ti ke to pe la su " +
        "pon wt śr czw pt sob niedz nie poniedziałek wtorek środa czwartek piątek sobota niedziela пн вт ср чт пт сб вс нд понедельник вторник среда четверг пятница суббота воскресенье понеділок вівторок середа п'ятниця субота неділя " +
        "pzt sal çar per cum cmt paz pazartesi salı çarşamba perşembe cuma cumartesi pazar luni marți miercuri joi vineri sâmbătă duminică th po út čt pá so ne pondělí úterý středa čtvrtek pátek neděle hét hétfő kedd szerda csütörtök péntek szombat vasárnap");

    public static readonly FrozenSet<string> Months = Set(
        "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october november december " +
        "januar februar märz mär mrz mai juni juli oktober okt dezember dez janv févr fév mars avr avril juin juil juillet août sept octobre novembre décembre déc janvier février " +
        "ene enero febrero marzo abr abril mayo junio julio ago agosto septiembre octubre noviembre diciembre dic gen gennaio febbraio mag maggio giu giugno lug luglio set settembre ott ottobre dicembre aprile " +
        "janeiro fevereiro março junho julho setembro outubro novembro dezembro fev out dez maio mei maart mrt januari februari augustus maj majs augusti " +
        "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu " +
        "sty lut kwi cze lip sie wrz paź lis gru stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia " +
        "янв фев мар апр мая май июн июл авг сен сент окт ноя дек января февраля марта апреля июня июля августа сентября октября ноября декабря січ лют бер квіт трав черв лип серп вер жовт лист груд січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня " +
        "oca şub nis haz tem ağu eyl eki kas ara ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık ian iun iul ianuarie februarie martie aprilie iunie iulie septembrie octombrie noiembrie decembrie " +
        "thg tháng يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر led úno bře dub kvě čvn čvc srp zář říj lis pro ledna února března dubna května června července srpna září října listopadu prosince " +
        "jan. febr márc ápr máj jún júl szept januára februára márca apríla mája júna júla augusta septembra októbra novembra decembra ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר");

    /// <summary>The headline above a quoted message.</summary>
    public static readonly FrozenSet<string> OriginalMessage = Phrases(
        "original message|original mail|original email|original appointment|ursprüngliche nachricht|originalnachricht|original-nachricht|ursprünglicher termin|message d'origine|message d’origine|message original|message initial|courriel original|" +
        "mensaje original|correo original|messaggio originale|messaggio original|mensagem original|oorspronkelijk bericht|origineel bericht|originele bericht|oorspronkelijke bericht|oprindelig meddelelse|original meddelelse|" +
        "opprinnelig melding|originalmelding|ursprungligt meddelande|originalmeddelande|alkuperäinen viesti|oryginalna wiadomość|wiadomość oryginalna|treść oryginalnej wiadomości|исходное сообщение|оригинальное сообщение|" +
        "первоначальное сообщение|оригінальне повідомлення|початкове повідомлення|原始邮件|邮件原件|原邮件|原始郵件|元のメッセージ|オリジナルメッセージ|元のメール|원본 메시지|원본 메일|원본메시지|원본메일|özgün ileti|orijinal mesaj|orijinal ileti|" +
        "mesaj original|mesajul original|الرسالة الأصلية|tin nhắn gốc|thư gốc|původní zpráva|původní e-mail|pôvodná správa|eredeti üzenet|αρχικό μήνυμα|ההודעה המקורית|pesan asli|missatge original|izvorna poruka|originalna poruka|" +
        "reply message|previous message|antwort nachricht|message précédent|reply separator|original-mail");

    /// <summary>The headline above a forwarded message.</summary>
    public static readonly string[] Forwarded =
    [
        "forwarded message", "forwarded by", "forwarded mail", "forwarded email", "weitergeleitete nachricht", "weitergeleiteten nachricht", "weitergeleitete mail", "weitergeleitet von", "message transféré", "message transmis", "message réexpédié", "message suivi",
        "mensaje reenviado", "mensaje reexpedido", "reenviado por", "messaggio inoltrato", "inoltrato da", "mensagem encaminhada", "mensagem reencaminhada", "encaminhado por", "doorgestuurd bericht", "doorgezonden bericht", "videresendt meddelelse", "videresendte meddelelse",
        "videresendt melding", "videresendte melding", "vidarebefordrat meddelande", "vidarebefordrat brev", "välitetty viesti", "edelleenlähetetty viesti", "przekazana wiadomość", "wiadomość przekazana", "przekazywanej wiadomości", "пересылаемое сообщение", "пересланное сообщение", "переадресованного сообщения",
        "переслане повідомлення", "пересланого повідомлення", "转发的邮件", "转发邮件", "被转发的邮件", "已轉寄的郵件", "轉寄郵件", "轉寄的郵件", "転送メッセージ", "転送されたメッセージ", "転送されたメール", "전달된 메시지", "전달된 메일", "전달 메시지", "yönlendirilen ileti", "yönlendirilmiş", "iletilen mesaj", "iletilmiş ileti", "mesaj redirecționat",
        "رسالة معاد توجيهها", "الرسالة المعاد توجيهها", "رسالة مُعاد توجيهها", "thư đã chuyển tiếp", "tin nhắn chuyển tiếp", "přeposlaná zpráva", "přeposlané zprávy", "preposlaná správa", "továbbított üzenet", "προωθημένο μήνυμα", "הודעה שהועברה", "pesan terusan", "missatge reenviat", "proslijeđena poruka",
    ];

    /// <summary>Beginnings of the line that a phone or a mail program adds at the end.</summary>
    public static readonly string[] SentFrom =
    [
        "sent from my", "sent from outlook", "sent from mail", "sent from yahoo", "sent from aol", "sent from proton", "sent from samsung", "sent from", "sent via", "sent with", "sent using", "sent by", "get outlook for", "download outlook for", "envoyé de mon", "envoyé depuis", "envoyé à partir", "envoyé avec",
        "envoyé par", "obtenez outlook", "obtenir outlook", "télécharger outlook", "von meinem", "gesendet von", "gesendet mit", "diese nachricht wurde von meinem", "outlook für", "holen sie sich outlook", "enviado desde", "enviado con", "enviado do", "enviado de", "enviado a partir", "enviado via", "obtener outlook",
        "obter o outlook", "inviato da", "inviato con", "scarica outlook", "ottieni outlook", "verzonden vanaf", "verzonden met", "verstuurd vanaf", "verstuurd met", "outlook voor", "download outlook", "skickat från", "skickat med", "hämta outlook", "sendt fra", "sendt med", "sendt via", "hent outlook", "få outlook", "lähetetty",
        "hanki outlook", "wysłane z", "wysłano z", "pobierz outlook", "отправлено с", "отправлено из", "послано с", "надіслано з", "надіслано із", "trimis de pe", "trimis din", "发自我的", "从我的", "来自我的", "發自我的", "從我的", "傳送自我的", "iphoneから送信", "ipadから送信", "iphone から送信", "나의 iphone에서", "내 iphone에서",
        "iphone'umdan gönderildi", "iphone’umdan gönderildi", "ipad'imden gönderildi", "أُرسلت من", "أرسلت من", "أُرسل من", "đã gửi từ", "được gửi từ", "odesláno z", "odoslané z", "az iphone-omról", "elküldve a", "στάλθηκε από", "נשלח מה", "dikirim dari", "enviat des", "poslano s", "yahoo mail:", "mobil gesendet",
    ];

    /// <summary>Beginnings of the legal text below many companies' mail.</summary>
    public static readonly string[] Disclaimer =
    [
        "this e-mail and", "this email and", "this message and", "this e-mail is confidential", "this email is confidential", "this message is confidential", "this e-mail message", "this email message", "this message contains confidential", "this email contains confidential", "this communication is",
        "this e-mail may contain", "this email may contain", "this message may contain", "this transmission", "the information contained in this", "the information in this e", "the contents of this", "confidentiality notice", "confidentiality note", "confidential:", "disclaimer", "important notice", "legal notice",
        "notice: this", "caution: this", "this electronic m", "diese e-mail enthält", "diese e-mail und", "diese nachricht enthält", "ce message et", "ce message est confidentiel", "ce courriel", "este mensaje y", "este mensaje va dirigido", "este correo electrónico", "aviso legal", "aviso de confidencialidad",
        "questo messaggio", "questa e-mail", "le informazioni contenute", "esta mensagem", "este e-mail", "dit bericht", "deze e-mail", "dit e-mailbericht", "ta wiadomość", "niniejsza wiadomość", "detta meddelande", "denne e-mail", "denne meddelelse", "это сообщение", "данное сообщение", "please consider the environment", "think before you print",
    ];

    /// <summary>Words that only a bounce has at the beginning of a line.</summary>
    public static readonly string[] Bounce = ["final-recipient:", "reporting-mta:", "diagnostic-code:", "diagnostic information for administrators", "generating server:", "remote-mta:", "original-recipient:"];

    /// <summary>Subject prefixes of a forward.</summary>
    public static readonly FrozenSet<string> ForwardPrefix = Set("fw fwd wg tr rv i enc doorst vs vb pd пересл переслано fs tov fyi: 转发 转 轉寄 転送 전달 ilt yml továbbítás");

    private static readonly (HeaderKind Kind, string Labels)[] LabelTable =
    [
        (HeaderKind.From, "from|sender|von|absender|de|de la|expéditeur|da|mittente|van|afzender|från|avsändare|fra|afsender|avsender|lähettäjä|od|nadawca|от|от кого|від|від кого|发件人|寄件者|寄件人|差出人|送信者|from:|보낸 사람|보낸사람|보낸이|kimden|gönderen|expeditor|من|từ|người gửi|odesílatel|odosielateľ|feladó|από|מאת|dari|remitente|remetente|message de|de :"),
        (HeaderKind.Sent, "sent|gesendet|gesendet am|envoyé|envoyé le|envoyée|enviado|enviado el|enviado em|enviada em|enviada|inviato|inviata|verzonden|verzonden op|skickat|sendt|lähetetty|wysłano|wysłane|отправлено|послано|надіслано|发送时间|发送日期|傳送時間|寄件日期|傳送日期|送信日時|送信|보낸 날짜|보낸날짜|gönderildi|gönderme tarihi|trimis|đã gửi|odesláno|odoslané|elküldve|küldve|στάλθηκε|נשלח|dikirim|sent at|sent on|date d'envoi|date d’envoi"),
        (HeaderKind.Date, "date|datum|fecha|data|dato|päiväys|päivämäärä|pvm|дата|日期|时间|日付|日時|날짜|tarih|التاريخ|تاريخ|ngày|dátum|ημερομηνία|תאריך|tanggal|message du|when|le|dată"),
        (HeaderKind.To, "to|an|à|a|para|aan|naar|till|til|vastaanottaja|do|кому|до|收件人|收件者|宛先|送信先|받는 사람|받는사람|받는이|kime|alıcı|către|إلى|đến|tới|người nhận|komu|címzett|προς|אל|kepada|destinataire|empfänger|destinatario|destinatário|ontvanger|modtager|mottagare|mottaker"),
        (HeaderKind.Copy, "cc|bcc|kopie|copie|copie à|copia|con copia|kopi|kopia|kopio|dw|do wiadomości|копия|копія|抄送|副本|参照|참조|bilgi|نسخة|đồng gửi|másolat|κοιν|העתק"),
        (HeaderKind.Subject, "subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|тема|主题|主題|主旨|件名|题目|제목|konu|subiect|الموضوع|chủ đề|tiêu đề|předmět|predmet|tárgy|θέμα|נושא|perihal|assumpte"),
        (HeaderKind.Other, "reply-to|reply to|antwort an|antworten an|répondre à|responder a|rispondi a|risposta|antwoord aan|importance|wichtigkeit|priority|priorität|importancia|importanza|priorité|attachments|anlagen|pièces jointes|adjuntos|allegati|anexos|bijlagen|categories|resent-from|organization|newsgroups|message-id|mailing-list|list"),
    ];

    public static readonly FrozenDictionary<string, HeaderKind> HeaderLabels = LabelTable
        .SelectMany(row => row.Labels.Split('|').Select(label => (Label: label.TrimEnd(':', ' '), row.Kind)))
        .DistinctBy(row => row.Label).ToFrozenDictionary(row => row.Label, row => row.Kind, StringComparer.Ordinal);

    private static FrozenSet<string> Set(string words) => words.Split(' ').ToFrozenSet(StringComparer.Ordinal);

    private static FrozenSet<string> Phrases(string phrases) => phrases.Split('|').ToFrozenSet(StringComparer.Ordinal);
}
