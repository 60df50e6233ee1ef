using System.Text;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Tests.Support;

namespace AgentMta.Protocol.Tests.MailAuth.Dkim;

/// <summary>A small message signed once by each algorithm, to be bent by the tests.</summary>
internal static class SignedMessage
{
    public const string KeyName = "r._domainkey.example.test";
    public const string Header = "From: Ann <ann@example.test>\r\nTo: bob@example.net\r\nSubject: Plan\r\nDate: Sat, 21 Nov 2026 03:00:00 +0000\r\n";
    public const string Body = "Hello Bob,\r\n\r\nbye\r\n";

    public static DateTimeOffset Now { get; } = DateTimeOffset.FromUnixTimeSeconds(1_795_000_000);

    public static DkimKey Rsa { get; } = DkimKey.GenerateRsa(1024);

    public static DkimKey Ed25519Key { get; } = DkimKey.GenerateEd25519();

    public static string PublicData { get; } = Rsa.PublicRecord.Split("p=")[1];

    public static NameTable Zone => new NameTable().Text(KeyName, Rsa.PublicRecord).Text("e._domainkey.example.test", Ed25519Key.PublicRecord);

    public static string Signed(string header = Header, string body = Body, DkimSignOptions? options = null) =>
        Encoding.UTF8.GetString(DkimSigner.Sign(Encoding.UTF8.GetBytes(header + "\r\n" + body), [new("example.test", "r", Rsa)], Now, options)) + header + "\r\n" + body;

    public static async Task<DkimResult> VerifyOneAsync(string message, NameTable? zone = null) => Assert.Single(await VerifyAsync(message, zone));

    public static async Task<IReadOnlyList<DkimResult>> VerifyAsync(string message, NameTable? zone = null) =>
        await DkimVerifier.VerifyAsync(Encoding.UTF8.GetBytes(message), zone ?? Zone, Now, CancellationToken.None);
}
