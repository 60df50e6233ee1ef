using System.Diagnostics;
using System.Text;
using System.Text.Json;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Cli;

/// <summary>The command as a process: what it reads, prints and returns.</summary>
public sealed class AuthCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("agentmta-auth-");

    [Fact]
    public async Task What_sign_and_seal_print_verifies()
    {
        using var key = DkimKey.GenerateEd25519();
        var (message, pem, zone) = (Write("m.eml", "From: u@author.test\nSubject: Hi\n\nHello\n"u8.ToArray()), Write("key.pem", Encoding.ASCII.GetBytes(key.ToPkcs8Pem())),
            Write("zone", Encoding.ASCII.GetBytes($"s._domainkey.author.test. 60 IN TXT \"{key.PublicRecord}\"\n_dmarc.author.test. 60 IN TXT \"v=DMARC1; p=reject\"\n")));
        var signed = Write("signed.eml", (await RunAsync("auth", "sign", message, "--key", pem, "--selector", "s", "--domain", "author.test")).Output);
        var sealing = await RunAsync("auth", "seal", signed, "--key", pem, "--selector", "s", "--domain", "author.test", "--authserv-id", "mx.author.test", "--results", "dmarc=pass header.from=author.test", "--zone", zone);
        var forwarded = Write("sealed.eml", sealing.Output);

        var (exit, output, _) = await RunAsync("auth", forwarded, "--ip", "192.0.2.1", "--helo", "h.test", "--zone", zone, "--json");
        Assert.Equal(0, exit);
        using var verdict = JsonDocument.Parse(output);
        Assert.Equal("pass", verdict.RootElement.GetProperty("dkim")[0].GetProperty("result").GetString());
        Assert.Equal(("pass", 1), (verdict.RootElement.GetProperty("arc").GetProperty("result").GetString(), verdict.RootElement.GetProperty("arc").GetProperty("instances").GetInt32()));
        Assert.Equal("pass", verdict.RootElement.GetProperty("dmarc").GetProperty("result").GetString());
    }

    [Fact]
    public async Task Wrong_input_is_a_sentence_and_an_exit_code()
    {
        Assert.Equal(64, (await RunAsync("auth")).Exit);
        var (exit, _, error) = await RunAsync("auth", "/nonexistent/message", "--ip", "192.0.2.1");
        Assert.Equal(66, exit);
        Assert.StartsWith("agentmta auth: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Equal(64, (await RunAsync("auth", "--batch", "--resolver", "nowhere:x")).Exit);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    private static async Task<(int Exit, byte[] Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(ServerProcess.Program);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        return (process.ExitCode, output.ToArray(), await error);
    }
}
