using System.Buffers.Text;
using System.Globalization;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>Signs and checks the URLs under which a person or program fetches bytes without the API key, until they expire.</summary>
internal sealed class DownloadLinks(KeyRing keys, ApiOptions options, TimeProvider time)
{
    /// <summary>What a URL names in place of an attachment.</summary>
    public const string Raw = "raw";
    /// <summary>Begins the key of a draft in place of a message's.</summary>
    public const string DraftPrefix = "draft-";

    private const int MacOctets = 18;

    /// <summary>An absolute URL for the raw message, or for one of its attachments.</summary>
    public (string Url, DateTimeOffset ExpiresAt) Write(string root, string workspaceId, string inboxId, string messageKey, string? attachmentId)
    {
        var expires = time.GetUtcNow() + options.DownloadLifetime;
        var seconds = expires.ToUnixTimeSeconds();
        var what = attachmentId ?? Raw;
        var mac = Base64Url.EncodeToString(keys.Mac(KeyPurpose.Download, Text(workspaceId, inboxId, messageKey, what, seconds), MacOctets));
        var url = string.Create(CultureInfo.InvariantCulture, $"{root}/download/{workspaceId}/{Uri.EscapeDataString(inboxId)}/{messageKey}/{what}?expires={seconds}&signature={mac}");
        return (url, DateTimeOffset.FromUnixTimeSeconds(seconds));
    }

    /// <summary>An attachment with its URL.</summary>
    public AttachmentResponse Show(string root, StoredMessage message, StoredAttachment attachment)
    {
        var (url, expires) = Write(root, message.WorkspaceId, message.InboxId, message.MessageKey, attachment.Id);
        return AttachmentResponse.Of(attachment) with { DownloadUrl = url, ExpiresAt = expires };
    }

    /// <summary>Whether the URL was made here and has not expired.</summary>
    public bool IsValid(string workspaceId, string inboxId, string messageKey, string what, string? expires, string? signature)
    {
        if (!long.TryParse(expires, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || signature is not { Length: 24 } || !Base64Url.IsValid(signature))
            return false;
        return keys.Verify(KeyPurpose.Download, Text(workspaceId, inboxId, messageKey, what, seconds), Base64Url.DecodeFromChars(signature)) && time.GetUtcNow().ToUnixTimeSeconds() <= seconds;
    }

    private static string Text(string workspaceId, string inboxId, string messageKey, string what, long seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{workspaceId}\n{inboxId}\n{messageKey}\n{what}\n{seconds}");
}
