namespace AgentMta.Protocol.Reports;

/// <summary>How machines that report on mail name themselves and their reports, in lower case: data only.</summary>
internal static class ReportWords
{
    public static readonly string[] DaemonLocalParts = ["mailer-daemon", "mailerdaemon", "mailer_daemon", "mail-daemon", "maildaemon", "postmaster", "post_master", "post-master", "mailadm", "mmdf", "mail.delivery.system", "mail-delivery", "mdaemon", "mail-daemon-nms", "smtpd", "exchange", "bounce", "bounces", "double-bounce"];

    public static readonly string[] DaemonNames = ["mail delivery", "mailer-daemon", "mailer daemon", "mail administrator", "system administrator", "postmaster", "delivery subsystem", "delivery system", "mail system", "microsoft outlook", "mail router", "systemadministrator", "internet mail", "mail_service"];

    public static readonly string[] BounceSubjects =
    [
        "undeliver", "delivery failure", "delivery fail", "delivery status notification", "delivery problem", "delivery error", "delivery notification", "delivery has failed", "delivery delayed", "delivery report", "delivery warning", "returned mail", "mail returned", "returning message", "returned to sender", "return to sender", "returned e-mail", "failure notice", "failure notification", "failed mail", "errors from", "are not member", "are not a member", "mail failure", "mail failed", "mail delivery", "mail could not be delivered",
        "message could not be delivered", "could not send message", "could not deliver", "not delivered", "non-delivery", "nondeliverable", "undelivered", "mail system error", "mail error", "message you sent blocked", "message delivery", "message status - undeliverable", "warning: could not send", "warning: message", "delivery suspended", "notification on mail", "rejected mail", "rejected:", "unable to deliver", "processing error", "user unknown", "unknown address", "error sending", "error: ", "dsn:", "ndn:", "[mail delivery",
        "unzustellbar", "nicht zugestellt", "konnte nicht zugestellt", "zustellung fehlgeschlagen", "non remis", "échec de la remise", "échec de remise", "message non distribué", "non distribuable", "no se puede entregar", "no entregado", "no se ha podido", "devuelto", "correo devuelto", "mancato recapito", "impossibile recapitare", "mensaje no entregado", "não entregue", "falha na entrega", "não foi entregue", "niet bezorgd", "onbestelbaar", "kunne ikke leveres", "kan inte levereras", "olevererbart", "niedostarcz", "nie dostarczono", "не доставлено", "недоставлен", "не удалось доставить", "ошибка доставки",
        "配信不能", "配信不可", "配送できません", "送信できません", "エラーメール", "退信", "投递失败", "系统退信", "寄送失敗", "無法傳送", "배달 실패", "전송 실패", "반송", "teslim edilemedi",
    ];

    public static readonly string[] FailureWords =
    [
        "无法发送", "无法投递", "无法送达", "無法送達", "投递失败", "could not be delivered", "could not be sent", "couldn't be delivered", "cannot be delivered", "can't be delivered", "unable to deliver", "not able to deliver", "wasn't able to deliver", "was undeliverable", "undeliverable", "did not reach", "has not been delivered", "delivery failed", "failed permanently", "delivery to the following", "delivery has failed", "has been delayed", "error was encountered", "were unable to deliver", "had fatal errors", "transcript of session", "failed recipients", "failed addresses", "delivering your mail",
        "returned to sender", "the following address", "following recipient", "permanent error", "fatal error", "delivery error", "not delivered", "does not exist", "user unknown", "no such user", "unknown user", "mailbox full", "over quota", "postponed", "rejected by", "was rejected", "returned because", "been returned", "delivery problem", "could not deliver", "送信できません", "配信できません", "エラー", "nicht zugestellt", "no se pudo entregar", "n'a pas pu être", "退信", "not be sent", "blocked by", "has been blocked", "unknown address", "undelivered", "unable to send", "não foi possível", "non è stato possibile", "unknown recipient",
    ];

    /// <summary>Lines below which the original message lies.</summary>
    public static readonly string[] OriginalFollows =
    [
        "below this line is", "this is a copy of", "is a copy of your", "original message follows", "original message as received", "here is a copy of", "is included below", "start of returned message", "original message ---", "----- original message", "header of the original message", "message headers follow", "message header follows", "headers of the original message", "returned mail follows", "returned mail ---", "message text follows", "unsent message", "unsent message follows", "undelivered message follows", "the original message was:", "the original message:", "original message header", "original mail follows", "lines of your original message", "your original message", "returned message", "returned text follows",
        "start of your message", "message that you sent follows", "content-type: message/rfc822", "content-type: text/rfc822-headers", "copy of your message", "rejected message", "undeliverable message", "begin undelivered", "headers from your", "the attached message", "text of your message", "body of your message", "originalnachricht", "ursprüngliche nachricht", "original-nachricht", "mensaje original", "message d'origine", "original text follows", "[message header]", "end of message",
    ];

    public static readonly string[] AutoReplySubjects =
    [
        "out of office", "out-of-office", "out of the office", "ooo:", "automatic reply", "automated reply", "autoreply", "auto-reply", "auto reply", "auto response", "autoresponse", "auto-response", "automatic response", "automated response", "autoresponder", "auto:", "vacation", "away from my mail", "away from the office", "on holiday", "absence", "i am away", "abwesenheit", "abwesend", "automatische antwort", "automatische antwoord", "automatisch antwoord", "nicht im büro", "urlaub", "réponse automatique", "réponse d'absence", "message d'absence", "absent du bureau", "respuesta automática", "respuesta automatica",
        "fuera de la oficina", "fuera de oficina", "risposta automatica", "fuori ufficio", "fuori sede", "assenza", "resposta automática", "fora do escritório", "ausência", "afwezig", "afwezigheid", "automatiskt svar", "autosvar", "frånvaro", "automatisk svar", "fraværende", "ikke på kontoret", "automaattinen vastaus", "poissaolo", "odpowiedź automatyczna", "automatyczna odpowiedź", "autoodpowiedź", "nieobecn", "poza biurem", "автоответ", "автоматический ответ", "нет на месте", "відповідь автоматична", "автоматична відповідь", "自动回复", "自動回覆", "自動返信", "自動応答", "不在", "자동 회신", "자동 응답", "부재중", "otomatik yanıt",
        "ofis dışında", "automatická odpověď", "automatická odpoveď", "automatikus válasz", "házon kívül", "răspuns automat", "αυτόματη απάντηση", "תגובה אוטומטית", "رد تلقائي", "trả lời tự động", "balasan otomatis", "resposta automàtica",
    ];
}
