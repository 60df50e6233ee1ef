namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>What a signature is worth, in the words of RFC 8601 2.7.1, so that it can be written into Authentication-Results as it is.</summary>
public enum DkimStatus
{
    /// <summary>The message has no signature.</summary>
    None,

    /// <summary>The signature verifies and nothing speaks against it.</summary>
    Pass,

    /// <summary>Signature and key are well formed, and they do not fit the message.</summary>
    Fail,

    /// <summary>It may verify, and must not or shall not count here: rsa-sha1 (RFC 8301), one signature too many.</summary>
    Policy,

    /// <summary>Nothing can be said about it.</summary>
    Neutral,

    /// <summary>The key could not be asked for now; trying later may tell.</summary>
    TempError,

    /// <summary>No later try can help: syntax, no key, a revoked or unusable key.</summary>
    PermError,
}
