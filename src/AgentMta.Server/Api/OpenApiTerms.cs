using AgentMta.Server.Model;

namespace AgentMta.Server.Api;

/// <summary>The words of /openapi.json: one for each field and parameter, which may be told apart by its schema ("Schema.field") or as a query parameter ("?name").</summary>
internal static partial class OpenApiTerms
{
    private const string ClientIdPattern = "^[A-Za-z0-9._~-]{1,256}$";
    private const string Metadatum = """{"type":"object","additionalProperties":{"type":["string","number","boolean"]},"maxProperties":256}""";
    private const string AnyObject = """{"type":"object","additionalProperties":true}""";

    private static readonly string[] Directions = ["send", "receive", "reply"];
    private static readonly string[] ListTypes = ["allow", "block"];
    private static readonly string[] Dispositions = ["inline", "attachment"];
    private static readonly string[] Reaches = ["use_case", "setup", "workspace"];
    private static readonly string[] DomainStates = ["NOT_STARTED", "PENDING", "INVALID", "FAILED", "VERIFYING", "VERIFIED"];
    private static readonly string[] DeliveryStates = ["queued", "deferred", "held", "delivered", "bounced", "dropped"];

    private static readonly string[] EventWords = [.. EventCatalog.All.Order(StringComparer.Ordinal)];
    private static readonly string PermissionMap =
        $$$"""{"type":"object","propertyNames":{"enum":[{{{string.Join(',', Permissions.All.Select(p => $"\"{p}\""))}}}]},"additionalProperties":{"type":"boolean"}}""";

    // A test finds what lacks a word; the document is served all the same.
    private static readonly OpenApiTerm Missing = new("");

    private static readonly Dictionary<string, OpenApiTerm> Terms = new[] { Fields(), Mail(), Turns(), Parameters() }.SelectMany(t => t).ToDictionary(t => t.Key, t => t.Term, StringComparer.Ordinal);

    /// <summary>All keys there are.</summary>
    public static IEnumerable<string> Keys => Terms.Keys;

    /// <summary>The word of a schema's field.</summary>
    public static OpenApiTerm Of(string schema, string field) => Find($"{schema}.{field}", field);

    /// <summary>The word of a parameter in the path or query.</summary>
    public static OpenApiTerm OfParameter(string name) => Find("?" + name, name);

    private static OpenApiTerm Find(string narrow, string wide) =>
        Terms.GetValueOrDefault(narrow) ?? Terms.GetValueOrDefault(wide) ?? Missing;

    // Resources, from a to z.
    private static IEnumerable<(string Key, OpenApiTerm Term)> Fields() =>
    [
        ("accepts_cold_inbound", new("Whether strangers may write to it; otherwise only replies are taken.")),
        ("add_inbox_ids", new("Inboxes to hear of as well.") { MaxItems = 10 }),
        ("add_pod_ids", new("Pods to hear of as well.") { MaxItems = 10 }),
        ("address", new("A mail address.") { Example = "ann@example.com" }),
        ("SuppressionRequest.address", new("The address that gets no more mail.") { Required = true, Example = "ann@example.com" }),
        ("AttemptResponse.address", new("The network address that was tried.") { Example = "192.0.2.25" }),
        ("all", new("true for everything that waits.")),
        ("allow_conflicting_provider", new("Taken for compatibility; nothing depends on it.")),
        ("api_key", new("The secret; shown this once and never again.")),
        ("api_key_id", new("Id of an API key.")),
        ("api_keys", new("The API keys of this page.")),
        ("attempt", new("Which attempt this was, from 1.") { Minimum = 1 }),
        ("attempt_count", new("How often it was tried.") { Minimum = 0 }),
        ("DeadLetterResponse.attempts", new("How often it was tried.") { Minimum = 1 }),
        ("attempts", new("Each attempt, oldest first.")),
        ("changed", new("How many deliveries were changed.") { Minimum = 0 }),
        ("checked_at", new("When DNS was last asked.")),
        ("client_address", new("The network address that was refused.")),
        ("client_id", new("Your own key of the object: creating with the same one again gives the same object.") { Pattern = ClientIdPattern, Example = "order-4711" }),
        ("RefusalResponse.code", new("The SMTP reply code.") { Minimum = 400, Maximum = 599 }),
        ("count", new("How many items this page has.") { Minimum = 0 }),
        ("EventPoint.count", new("How often it happened in the period that begins then.") { Minimum = 0 }),
        ("QueueTotalResponse.count", new("How many deliveries wait.") { Minimum = 0 }),
        ("UnreadCountResponse.count", new("How many messages are unread.") { Minimum = 0 }),
        ("created_at", new("When it was made.")),
        ("cursor", new("Place in the workspace's one order of events; ask with after= to go on behind it.") { Minimum = 0 }),
        ("dead_letters", new("Events that no attempt could deliver.")),
        ("dead_letters_only", new("Only what is a dead letter now.")),
        ("deliveries", new("Deliveries, one a recipient.")),
        ("delivery_id", new("Id of one recipient's delivery.")),
        ("destination", new("The domain it goes to.") { Example = "example.com" }),
        ("detail", new("What led to it.")),
        ("dialogue", new("The SMTP dialogue of the attempt.")),
        ("died_at", new("When it was given up.")),
        ("direction", new("send: whom the inbox may write to; receive: who may write to it; reply: who may answer it.") { Words = Directions }),
        ("display_name", new("Name beside the address in From.") { Example = "Support" }),
        ("CreateInboxRequest.domain", new("A verified domain; without it the server's own.") { Example = "agentmta.test" }),
        ("DomainRequest.domain", new("The domain to set up; at creation it is required.") { Example = "mail.example.com" }),
        ("domain", new("The domain's name.") { Example = "mail.example.com" }),
        ("domain_id", new("Id of a domain: its name.") { Example = "mail.example.com" }),
        ("domains", new("The domains of this page.")),
        ("elapsed_ms", new("How long the attempt took, in milliseconds.")),
        ("elapsed_seconds", new("How long the attempt took, in seconds.")),
        ("email", new("The address; the same as inbox_id.") { Example = "agent@agentmta.test" }),
        ("email_type", new("transactional or marketing.") { Words = ["transactional", "marketing"] }),
        ("enabled", new("Whether events are delivered; switched off by the server after days of failure.")),
        ("entity_name", new("Who writes, as the opt-out page names it.")),
        ("entries", new("The entries of this page.")),
        ("entry", new("An address, or a domain that stands for all its addresses.") { Example = "example.com" }),
        ("ListEntryRequest.entry", new("An address, or a domain that stands for all its addresses.") { Required = true, Example = "example.com" }),
        ("entry_type", new("What the entry is.") { Words = ["email", "domain"] }),
        ("event_at", new("When it happened.")),
        ("event_id", new("Id of the event; the same at each delivery, so that it can be taken once.")),
        ("event_ids", new("The events to deliver again.") { MaxItems = 500 }),
        ("event_type", new("What happened.") { Example = "message.received" }),
        ("event_types", new("The types of events that are delivered.") { Words = EventWords, Example = new[] { "message.received" } }),
        ("CreateWebhookRequest.event_types", new("The types of events to deliver, at least one.") { Words = EventWords, Required = true, MinItems = 1, Example = new[] { "message.received" } }),
        ("UpdateWebhookRequest.event_types", new("Takes the place of the types so far; an empty list keeps them.") { Words = EventWords, Example = new[] { "message.received" } }),
        ("events", new("The events of this page.")),
        ("ApiKeyRequest.expires_at", new("When the key ends; without it never.")),
        ("ApiKeyResponse.expires_at", new("When the key ends.")),
        ("DeliveryResponse.expires_at", new("When it is given up.")),
        ("expires_at", new("When the URL ceases to work.")),
        ("facts", new("What else the event knows.") { Schema = AnyObject }),
        ("failing_since", new("Since when the endpoint has taken nothing.")),
        ("fault", new("Why it failed.")),
        ("feedback_enabled", new("Whether bounces and complaints come back to this server.")),
        ("found", new("What DNS has in its place.")),
        ("gates", new("What each gate saw and decided.") { Schema = """{"type":"array","items":{"type":"object","additionalProperties":true}}""" }),
        ("header_names", new("Names of the headers; their values are never shown.")),
        ("CreateWebhookRequest.headers", new("Headers that each delivery carries.")),
        ("UpdateWebhookHeadersRequest.headers", new("Headers to set.")),
        ("helo", new("How the client called itself.")),
        ("history", new("The attempts, oldest first.")),
        ("host", new("The host that was tried.")),
        ("greylist", new("Whether unknown senders are told to come back later; null leaves it to the server's setting.")),
        ("in_flight", new("Whether it is being tried now.")),
        ("inbox_id", new("Id of an inbox: its address.") { Example = "agent@agentmta.test" }),
        ("inbox_ids", new("Only events of these inboxes; without it all that the key can see.") { MaxItems = 10, Example = new[] { "agent@agentmta.test" } }),
        ("inboxes", new("The inboxes of this page.")),
        ("is_default", new("Whether it was made with its inbox and not decided on since.")),
        ("last_host", new("The host that was tried last.")),
        ("last_reply", new("What was said last.")),
        ("last_status", new("The enhanced status of the last reply (RFC 3463).") { Example = "4.7.1" }),
        ("limit", new("The page size that was used.") { Minimum = 1 }),
        ("BatchMessageList.limit", new("How many ids were asked for.") { Minimum = 1 }),
        ("BatchUpdateResponse.limit", new("How many ids were given.") { Minimum = 1 }),
        ("list_type", new("allow or block.") { Words = ListTypes }),
        ("metadata", new("Your own notes: a flat map.") { Schema = Metadatum }),
        ("UpdateInboxRequest.metadata", new("Keys to set; null as a value drops its key, null for the whole clears all.")
        {
            Schema = """{"type":["object","null"],"additionalProperties":{"type":["string","number","boolean","null"]},"minProperties":1,"maxProperties":256}""",
        }),
        ("name", new("A name for people.") { Example = "support" }),
        ("RecordResponse.name", new("Where the record stands.") { Example = "mail.example.com" }),
        ("next_attempt_at", new("When it is tried next.")),
        ("next_page_token", new("Gives the next page as page_token; absent on the last.")),
        ("oldest_at", new("Since when the oldest waits.")),
        ("organization_id", new("Id of the workspace.")),
        ("outcome", new("How the attempt ended.")),
        ("overlap_seconds", new("How long the old secret signs as well.") { Minimum = 0, Maximum = 604_800 }),
        ("permissions", new("What the key may do; without it everything within its scope.") { Schema = PermissionMap }),
        ("ApiKeyRequest.permissions", new("What the key may do, at most what its maker may; null for everything within its scope.") { Schema = PermissionMap.Replace("\"object\"", "[\"object\",\"null\"]", StringComparison.Ordinal) }),
        ("pod_id", new("Id of a pod.")),
        ("pod_ids", new("Only events of these pods.") { MaxItems = 10 }),
        ("pods", new("The pods of this page.")),
        ("prefix", new("The first characters of the secret, to tell keys apart.")),
        ("priority", new("Priority of an MX record.")),
        ("read_only", new("Whether only the server can take it away.")),
        ("reason", new("Why.")),
        ("recipient", new("The recipient's address.") { Example = "ann@example.com" }),
        ("records", new("The DNS records to publish.")),
        ("refusal_id", new("Id of a refusal.")),
        ("refusals", new("The refusals of this page.")),
        ("refused_at", new("When it was refused.")),
        ("remove_headers", new("Headers to take away.")),
        ("remove_inbox_ids", new("Inboxes to hear of no more.")),
        ("remove_pod_ids", new("Pods to hear of no more.")),
        ("replayed", new("How many events will be delivered again.") { Minimum = 0 }),
        ("AttemptResponse.reply", new("What the host said.")),
        ("RefusalResponse.reply", new("What the client was told.")),
        ("TraceResponse.reply", new("Whether the message proved to be an answer, and how.") { Schema = AnyObject }),
        ("reply_code", new("The SMTP reply code; 0 where there was none.") { Minimum = 0 }),
        ("reverse_path", new("The reverse-path of MAIL FROM.")),
        ("scope", new("How far it reaches.") { Words = Reaches }),
        ("scope_id", new("Id of the workspace, pod or inbox.")),
        ("scope_key", new("The use case's id or the setup's domain; * for the workspace.")),
        ("scope_type", new("What the key reaches.") { Words = ["organization", "pod", "inbox"] }),
        ("secret", new("Signs the deliveries: whsec_ and base64.") { Example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }),
        ("sender", new("The one address that it sends from.") { Example = "news@agentmta.test" }),
        ("session", new("The SMTP session that brought the message.") { Schema = AnyObject }),
        ("session_id", new("Id of an SMTP session.")),
        ("setup_name", new("Name of the setup, for people.")),
        ("stage", new("The command or gate that refused.")),
        ("started_at", new("When the attempt began.")),
        ("state", new("Where the delivery stands.") { Words = DeliveryStates }),
        ("AttemptResponse.status", new("The enhanced status (RFC 3463).") { Example = "2.0.0" }),
        ("RefusalResponse.status", new("The enhanced status (RFC 3463).") { Example = "5.7.26" }),
        ("WebhookAttemptResponse.status", new("The HTTP status of the answer; absent where there was none.")),
        ("DomainResponse.status", new("Where the domain stands; mail is sent from VERIFIED ones alone.") { Words = DomainStates }),
        ("RecordResponse.status", new("What the last check found.") { Words = ["MISSING", "INVALID", "VALID"] }),
        ("subdomains_enabled", new("Whether inboxes may be made on its subdomains.")),
        ("suppressions", new("The suppressions of this page.")),
        ("EventPoint.timestamp", new("Where the period begins; without a period, when it happened.")),
        ("UsagePoint.timestamp", new("Where the period begins.")),
        ("tls", new("The TLS that protected it.")),
        ("totals", new("One line for each destination and state.")),
        ("tracking_enabled", new("Kept and shown; openings are not tracked.")),
        ("transaction_id", new("Id of the mail transaction within its session.")),
        ("ApiKeyResponse.type", new("The kind of key.") { Words = ["bearer"] }),
        ("RecordResponse.type", new("The kind of DNS record.") { Words = ["TXT", "CNAME", "MX"] }),
        ("unsubscribable", new("Whether its mail carries one-click unsubscribe (RFC 8058).")),
        ("unsubscribe_scope", new("What an unsubscribe ends: this use case, or all of the domain.") { Words = ["use_case", "setup"] }),
        ("updated_at", new("When it was last changed.")),
        ("updates", new("The labels that each message has now.")),
        ("CreateWebhookRequest.url", new("Where events are posted to; https, and http where it is reached safely.") { Required = true, MaxLength = 2048, Example = "https://hooks.example.com/agentmta" }),
        ("url", new("Where events are posted to.") { Format = "uri" }),
        ("use_case_id", new("Id of a use case.")),
        ("use_cases", new("The use cases of this page.")),
        ("used_at", new("When the key was last used, to the minute.")),
        ("username", new("The part before @; without it one is made up.") { Example = "support" }),
        ("UsagePoint.value", new("How much there was at the end of the period.") { Minimum = 0 }),
        ("RecordResponse.value", new("What the record says.")),
        ("verified_at", new("When its records were first found right.")),
        ("webhook_id", new("Id of a webhook.")),
        ("webhooks", new("The webhooks of this page.")),
        ("SubscribeFrame.type", new("What the frame is.") { Words = ["subscribe"], Required = true }),
        ("SubscribeFrame.event_types", new("The types of events to get; without it those of the contract, without filtered mail.") { Words = EventWords }),
        ("SubscribeFrame.after", new("Go on behind this cursor; without it, or with now, from now on.") { Schema = """{"anyOf":[{"type":"integer","minimum":0},{"const":"now"}]}""" }),
        ("SubscribedFrame.type", new("What the frame is.") { Words = ["subscribed"] }),
        ("ErrorFrame.type", new("What the frame is.") { Words = ["error"] }),
        ("ErrorFrame.name", new("Name of the kind of error.")),
        ("ErrorFrame.message", new("What is wrong with the frame.")),
        ("ErrorFrame.code", new("Stable identifier to branch on.")),
        ("ErrorFrame.fix", new("What to do next.")),
        ("RecipientFacts.reply", new("What the host said.")),
        ("RecipientStatus.reply", new("What the host said.")),
        ("RecipientStatus.status", new("The enhanced status (RFC 3463).") { Example = "5.1.1" }),
        ("BounceFacts.type", new("Permanent, or Transient where retries were given up.") { Words = ["Permanent", "Transient"] }),
        ("BounceFacts.sub_type", new("The cause.")),
        ("ComplaintFacts.type", new("The kind of report (RFC 5965).")),
        ("ComplaintFacts.sub_type", new("Which reporter; unspecified where the report does not say.")),
        ("ErrorResponse.name", new("Name of the kind of error.") { Example = "NotFoundError" }),
        ("ErrorResponse.message", new("What happened, to what.")),
        ("ErrorResponse.code", new("Stable identifier to branch on.") { Words = [.. ErrorCodes.All.Select(e => e.Code).Distinct(StringComparer.Ordinal)] }),
        ("ErrorResponse.fix", new("What to do next.")),
        ("ErrorResponse.errors", new("Each field that was refused; with status 400 always there.")),
        ("FieldError.path", new("Where the field lies in the body; for a query parameter its name.")),
        ("FieldError.message", new("What is wrong with it.")),
        ("FieldError.code", new("Stable identifier of the fault.")),
    ];
}
