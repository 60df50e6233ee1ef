using System.Globalization;
using AgentMta.Protocol.Mime;

namespace AgentMta.Bench;

/// <summary>
/// Reads messages over and over and prints one line as the programs in <c>bench/peers</c> do: mode, octets, messages, median CPU seconds of a
/// round, octets decoded, peak memory in KiB, octets allocated in a round. CPU time of the whole process, so that neighbours on the machine
/// do not count and the garbage collector does.
/// </summary>
internal static class MimeThroughput
{
    public static int Run(ReadOnlySpan<string> args)
    {
        if (args is not [var mode, var seconds, _, ..] || Reader(mode) is not { } read)
        {
            Console.Error.WriteLine("throughput parse|decode|content SECONDS FILE...");
            return 64;
        }

        var messages = new byte[args.Length - 2][];
        for (var i = 0; i < messages.Length; i++)
            messages[i] = File.ReadAllBytes(args[i + 2]);
        var limit = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));
        var rounds = new List<double>();
        var begun = Cpu();
        long decoded = 0, allocated = 0;
        while (rounds.Count < 3 || Cpu() - begun < limit)
        {
            decoded = 0;
            allocated = GC.GetTotalAllocatedBytes(precise: true);
            var start = Cpu();
            foreach (var message in messages)
                decoded += read(message);
            rounds.Add((Cpu() - start).TotalSeconds);
            allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        }

        // The first half warms up: just-in-time compilation, caches, the heap's size.
        var warm = rounds[(rounds.Count / 2)..];
        warm.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{mode}\t{messages.Sum(m => (long)m.Length)}\t{messages.Length}\t{warm[warm.Count / 2]:F9}\t{decoded}\t{PeakKiB()}\t{allocated}"));
        return 0;
    }

    private static Func<byte[], long>? Reader(string mode) => mode switch
    {
        "parse" => raw => MimeMessage.Parse(raw).PartCount,
        "decode" => Decode,
        "content" => Content,
        _ => null,
    };

    // What the peers do: the usual headers as text, text parts as Unicode, other parts as octets.
    private static long Decode(byte[] raw)
    {
        var message = MimeMessage.Parse(raw);
        long size = 0;
        foreach (var name in (ReadOnlySpan<string>)["From", "To", "Cc", "Subject", "Date", "Message-ID"])
            size += message.Headers.Value(name)?.Length ?? 0;
        foreach (var part in message.Parts())
        {
            if (part.IsMultipart)
                continue;
            if (part.ContentType.Type == "text")
                size += part.DecodeText().Length;
            else
                size += DecodedLength(stream => part.DecodeTo(stream));
        }

        return size;
    }

    // What the server does with mail it takes: addresses, date, ids, text for the agent (from HTML where there is no other), attachments with
    // their names and sizes, and their bytes once.
    private static long Content(byte[] raw)
    {
        var message = MimeMessage.Parse(raw);
        var content = MessageContent.Read(message);
        long size = content.Subject.Length + content.Text.Length + (content.Html?.Length ?? 0);
        foreach (var attachment in content.Attachments)
            size += DecodedLength(stream => attachment.DecodeTo(raw, stream));
        return size;
    }

    private static long DecodedLength(Action<Stream> decode)
    {
        using var count = new CountingStream();
        decode(count);
        return count.Length;
    }

    private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;

    private static string PeakKiB() =>
        File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2];
}
