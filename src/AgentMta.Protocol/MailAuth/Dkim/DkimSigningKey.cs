namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>A key with the place where its record is published: <paramref name="Selector"/>._domainkey.<paramref name="Domain"/>.</summary>
/// <param name="Domain">d=, in A-labels.</param>
/// <param name="Selector">s=</param>
/// <param name="Key">The private key.</param>
public sealed record DkimSigningKey(string Domain, string Selector, DkimKey Key);
