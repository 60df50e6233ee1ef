namespace AgentMta.Protocol.Reports;

/// <summary>How servers say why, in lower case, the surer phrases first: data only.</summary>
internal static class BouncePhrases
{
    private static readonly (BounceReason Reason, string[] Phrases)[] Table =
    [
        (BounceReason.MailboxFull,
        [
            "mailbox full", "mailbox is full", "mailbox has exceeded", "mailbox exceeds", "mailbox exceeded", "mailbox for user is full", "mailbox would exceed", "full mailbox", "mail box full", "mailbox size limit", "mailbox quota", "inbox is full", "inbox full", "account is full", "account is over", "account full",
            "maildrop full", "mailfolder is full", "mail folder is full", "maildir over quota", "over quota", "overquota", "over-quota", "quota exceeded", "exceeded quota", "exceeds quota", "exceeded the quota", "exceeded his", "exceeded their", "exceeded its", "exceeded disk", "exceeds disk", "exceed quota", "disk quota", "quota full", "quota violation", "quota has been", "over the quota", "over the maximum", "over his", "over disk", "out of quota", "storage quota",
            "out of storage", "exceeded storage", "exceeding storage", "storage space in recipient", "not enough storage", "not enough space", "mailbox_full", "user is over", "user over quota", "user has too many messages", "too many messages in", "too much mail data", "has no space", "over its quota", "storage limit", "storage allocation", "insufficient disk space; try again later", "is full. please try", "容量を超", "一杯です", "いっぱい", "邮箱已满", "空间不足", "boîte aux lettres pleine", "boite pleine", "buzón lleno", "postfach ist voll", "postfach voll",
            "caixa postal cheia", "casella piena", "переполнен", "ящик заполнен", "pelna", "przekroczon",
        ]),
        (BounceReason.Network, ["host not found, try again", "connection timed out while", "message expired, connection"]),
        (BounceReason.Mailer, ["died with status", "command died", "exit status", "mailer error", "unknown mailer error", "command failed", "command output", "cannot exec"]),
        (BounceReason.Moved, ["has moved", "mailbox moved", "user has changed", "address has changed", "new address is", "no longer with", "no longer at this", "no longer works", "has been replaced by", "have changed my address", "changed e-mail address", "now uses the address", "please update your address", "has left the company", "no longer employed"]),
        (BounceReason.UserUnknown,
        [
            "user unknown", "unknown user", "user not found", "user not known", "no such user", "no such mailbox", "no such recipient", "no such address", "no such person", "no such account", "no such local", "no such e-mail", "no such email", "no such alias", "nosuchuser", "unknown recipient", "recipient unknown", "recipients unknown", "unknown address", "address unknown", "unknown local", "unknown mailbox",
            "unknown email", "unknown e-mail", "unknown account", "unknown or illegal", "unknown virtual", "mailbox not found", "mailbox unknown", "mailbox unavailable", "mailbox is unavailable", "mailbox not available", "no mailbox", "does not have an email account", "not have an account", "doesn't have an account", "doesn't have a yahoo", "account does not exist", "mailbox does not exist", "user does not exist", "user doesn't exist", "address does not exist", "address doesn't exist", "recipient does not exist", "account that you tried to reach", "email account that you tried", "does not exist", "doesn't exist", "not exist", "non-existent", "nonexistent", "non existent",
            "is not a valid", "not a valid mailbox", "not a valid user", "not a valid recipient", "invalid recipient", "invalid mailbox", "invalid address", "invalid user", "invalid email", "invalid local", "bad address", "bad recipient", "bad destination", "bad user", "badrcptto", "bad rcpt", "not listed in", "not our customer", "is not a known user", "not a known user", "address not found", "address wasn't found", "couldn't be found", "could not be found", "wasn't found", "was not found", "recipient not found", "recipient not on", "recipnotfound", "user or domain", "not known at", "not known here", "not found in directory", "not found on server",
            "unrouteable address", "unable to look up recipient", "unable to deliver to that", "cannot be found", "can't be found", "isn't a user", "not a user", "user invalid", "user is unknown", "user disabled", "no account", "account not found", "account unknown", "account has been closed", "account closed", "account expired", "account deactivated", "account is no longer", "is no longer available", "no longer available", "no longer active", "mailbox inactive", "not an active", "not active", "inactive user", "inactive account", "inactive mailbox", "deactivated", "address is not", "address rejected: undeliverable", "undeliverable address", "is undeliverable", "recipient address rejected: access denied", "recipient rejected", "recipient is not", "recipient not", "recipient ok is not", "not a mailbox", "address invalid", "address error", "addressee unknown", "addressee is not", "dest. address", "user mailbox not", "user account", "we do not have a", "delivery to the following recipient failed permanently: unknown",
            "r_rcpt_unknown", "destinatario no existe", "usuario desconocido", "destinatario desconocido", "utilisateur inconnu", "destinataire inconnu", "adresse inconnue", "unbekannter empfänger", "empfänger unbekannt", "benutzer unbekannt", "nicht bekannt", "usuário desconhecido", "não existe", "utente sconosciuto", "destinatario sconosciuto", "inesistente", "nieznany", "nie istnieje", "niet bekend", "onbekend", "нет такого", "не найден", "не существует", "неизвестный", "存在しない", "存在しません", "宛先不明", "見つかりません", "宛先が", "用户不存在", "收件人不存在", "不存在", "查无此", "查無此", "无效的收件", "존재하지",
            "didn't recognize", "not recognized", "did not exactly match", "not in our", "isn't listed", "no valid recipients", "does not like recipient", "has no mailbox", "not on file", "name not found", "no matches to nameserver query", "not in the address book", "missing or invalid local", "local part", "isn't in my list", "sorry, no mailbox here",
        ]),
        (BounceReason.HostUnknown,
        [
            "host unknown", "unknown host", "host not found", "host or domain name not found", "no such host", "domain not found", "domain name not found", "no such domain", "unknown domain", "unrouteable mail domain", "unrouteable domain", "unroutable", "name or service not known", "nxdomain", "no mx or a records", "no mx record", "couldn't find any host", "can't find any host", "could not find any host", "couldn't find a mail exchanger", "domain couldn't", "domain wasn't", "domain isn't", "illegal host/domain", "bad host name", "bad domain", "invalid domain", "invalid host", "null mx", "nullmx", "does not accept mail", "does not receive mail", "not a valid domain",
            "no dns record", "server not found", "dns server returned answer with no data", "no mail server", "not resolve", "unable to resolve", "no route to domain", "host name is unknown", "cannot find your domain", "cannot route", "no mail exchanger", "all relevant mx records point to non-existent",
        ]),
        (BounceReason.Disabled, ["account disabled", "account is disabled", "account has been disabled", "mailbox disabled", "mailbox is disabled", "is disabled", "been suspended", "is suspended", "suspended", "account is locked", "account inactive", "mailbox locked", "mailbox is locked", "is locked", "account is temporarily unavailable", "is not accepting", "not accepting messages", "not accepting mail", "is frozen", "account blocked", "mailbox currently suspended", "temporarily disabled"]),
        (BounceReason.TooBig, ["message too big", "message is too big", "message size exceeds", "message exceeds", "message too large", "message is too large", "message file too big", "size limit", "maximum size", "exceeds maximum", "too large", "exceeded the maximum", "message length exceeds"]),
        (BounceReason.Content, ["virus", "malware", "infected", "phishing", "considered spam", "looks like spam", "spam message", "spam content", "spam detected", "identified as spam", "classified as spam", "is spam", "as spam", "spam score", "junk mail", "banned content", "attachment", "content rejected", "message content", "message contents", "invalid header", "not rfc compliant", "non-compliant", "rfc 5322", "rfc 2822", "8bit", "illegal character", "missing date", "bare lf", "suspicious", "unsolicited"]),
        (BounceReason.Throttled, ["frequency limit", "too many connections", "too many concurrent", "too many recipients", "too many messages", "too many errors", "rate limit", "rate that prevents", "throttl", "too fast", "receiving mail too quickly", "greylist", "graylist", "grey-list", "temporarily deferred", "too much mail", "try again later", "exceeded the rate", "daily limit", "sending limit", "limit exceeded"]),
        (BounceReason.Policy,
        [
            "blacklist", "black list", "blocklist", "block list", "blocked", "dnsbl", "rbl", "spamhaus", "spamcop", "barracuda", "policy", "access denied", "access rejected", "relay access", "relaying denied", "relaying not", "relay not", "unable to relay", "not relay", "open relay", "rcpthosts", "dmarc", "spf", "dkim", "senderid", "reputation", "not authorized", "not permitted", "not allowed",
            "prohibited", "permission denied", "administrative", "reverse dns", "ptr record", "no reverse", "sender denied", "sender rejected", "sender address rejected", "does not comply", "not a member", "not member", "unauthenticated", "authentication", "restricted", "whitelist", "banned", "message filtered",
        ]),
        (BounceReason.Expired,
        [
            "failing for a long time", "repeated attempts", "aborted after", "attempts to deliver", "could not be sent within", "too many retries", "was not able to deliver it within",
            "message expired", "retry timeout", "delivery time expired", "timeout exceeded", "queue too long", "too long on the queue", "queued too long", "too old", "giving up", "delivery expired", "expired", "retry limit", "maximum retries", "retry time not reached", "retries exceeded", "could not be delivered for", "has been delayed", "not been delivered", "not yet been delivered", "still trying", "will be retried", "delivery attempts will continue", "warning: message", "exceeded allowable time", "unable to deliver this message after", "delayed",
            "配送遅延", "配達できない状態", "i'm going to keep trying",
        ]),
        (BounceReason.Network,
        [
            "accept our requests to connect", "socket error", "connection problem", "network problem", "refused to accept a connection", "actively refused", "host not found, try again", "unable to contact", "gateway for",
            "connection refused", "connection timed out", "connection timeout", "connection reset", "connection was", "connection closed", "connection dropped", "connect to", "no route to host", "unreachable", "timed out", "timeout", "time-out", "lost connection", "broken pipe", "couldn't connect", "could not connect", "cannot connect", "unable to connect", "establish an smtp connection", "mail loop", "too many hops", "loops back", "loop detected", "forwarding loop", "hop count", "not responding", "did not respond", "no answer from", "lookup failure", "lookup failed", "name server", "host name lookup", "dns error", "dns failure", "network error", "connection failed", "conversation", "tls",
            "deferred", "smtp protocol", "no smtp",
        ]),
        (BounceReason.System,
        [
            "no space left", "disk full", "not enough disk space", "system failure", "insufficient system", "system error", "internal error", "internal server", "local error", "local configuration", "configuration error", "service unavailable", "service not available", "temporary failure", "temporarily unavailable", "temporary error", "system resources", "cannot open", "can't create", "cannot create", "can't open", "i/o error", "command failed", "service is unavailable", "out of memory", "cannot allocate", "server error", "resources temporarily", "service currently", "currently unavailable", "problem with", "transient", "cannot append", "processing error", "unable to lock",
        ]),
        (BounceReason.Policy, ["refused", "rejected", "denied", "not accepted", "did not accept", "filter"]),
    ];

    /// <summary>The reason of the surest phrase in the text (in lower case), or Unknown.</summary>
    public static BounceReason Find(string lower)
    {
        foreach (var (reason, phrases) in Table)
        {
            foreach (var phrase in phrases)
            {
                if (lower.Contains(phrase, StringComparison.Ordinal))
                    return reason;
            }
        }

        return BounceReason.Unknown;
    }
}
