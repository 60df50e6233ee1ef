using AgentMta.Protocol.Dns;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Resolver;

/// <summary>Servers that fail, lie, or are lied about.</summary>
public sealed class HostileServerTests : ResolverTestBase
{
    private static readonly AddressRecord Forged = A("a.example.com", 300, "203.0.113.66");

    [Fact]
    public async Task A_truncated_answer_is_fetched_over_TCP()
    {
        var text = new string('x', 5000);
        var server = Server(q => q.Tcp ? q.ReplyAsync(new TxtRecord(q.Name, 60, text)) : q.ReplyAsync(q.Honest(new TxtRecord(q.Name, 60, "cut")) with { Truncated = true }));
        var answer = await AskAsync(Resolver(server), type: DnsRecordType.TXT);
        Assert.Equal(text, ((TxtRecord)answer.Records.Single()).Text);
        Assert.Equal([false, true], server.Queries.Select(q => q.Tcp));
    }

    [Fact]
    public async Task An_answer_larger_than_asked_for_is_fetched_over_TCP()
    {
        var server = Server(q => q.ReplyAsync(new TxtRecord(q.Name, 60, new string('x', 9000))));
        Assert.Equal(DnsStatus.Ok, (await AskAsync(Resolver(server), type: DnsRecordType.TXT)).Status);
        Assert.Equal([false, true], server.Queries.Select(q => q.Tcp));
    }

    [Fact]
    public async Task A_truncated_answer_without_TCP_is_never_used()
    {
        var server = Server(q => q.ReplyAsync(q.Honest(A(q.Name)) with { Truncated = true }), tcp: false);
        Assert.True((await AskAsync(Resolver(Impatient, server))).IsTemporary);
    }

    [Theory]
    [InlineData(DnsResponseCode.ServerFailure)]
    [InlineData(DnsResponseCode.Refused)]
    [InlineData(DnsResponseCode.NotImplemented)]
    public async Task A_server_that_fails_is_asked_once_and_the_next_answers(DnsResponseCode code)
    {
        var failing = Server(q => q.ReplyAsync(q.Honest() with { ResponseCode = code }));
        Assert.Equal(DnsStatus.Ok, (await AskAsync(Resolver(failing, Honest()))).Status);
        Assert.Single(failing.Queries);
        Assert.Equal(DnsStatus.ServerFailure, (await AskAsync(Resolver(failing, failing), "b.example.com")).Status);
        Assert.Equal(2, failing.Queries.Count);
    }

    [Fact]
    public async Task A_lame_server_is_passed_over()
    {
        var lame = Server(q => q.ReplyAsync(q.Honest() with { RecursionAvailable = false, Authority = [new NameRecord("com", DnsRecordType.NS, 60, "ns.com")] }));
        Assert.Equal(DnsStatus.Ok, (await AskAsync(Resolver(lame, Honest()))).Status);
        Assert.Equal(DnsStatus.ServerFailure, (await AskAsync(Resolver(lame), "b.example.com")).Status);
    }

    [Fact]
    public async Task A_silent_server_is_asked_again_and_goes_to_rest()
    {
        var silent = Silent();
        Assert.Equal(DnsStatus.Timeout, (await AskAsync(Resolver(Impatient, silent))).Status);
        Assert.Equal(2, silent.Queries.Count);

        var slow = Silent();
        var resolver = Resolver(Impatient, slow, Honest());
        for (var i = 0; i < 5; i++)
            Assert.Equal(DnsStatus.Ok, (await AskAsync(resolver, $"n{i}.example.com")).Status);
        Assert.Equal(2, slow.Queries.Count);
        Time.Advance(31);
        Assert.Equal(DnsStatus.Ok, (await AskAsync(resolver, "later.example.com")).Status);
        Assert.Equal(3, slow.Queries.Count);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_costs_no_waiting()
    {
        var gone = Honest();
        await gone.DisposeAsync();
        Assert.Equal(DnsStatus.Ok, (await AskAsync(Resolver(gone, Honest()))).Status);
    }

    [Fact]
    public async Task Forged_answers_are_passed_over_and_the_true_one_is_taken()
    {
        var server = Server(async q =>
        {
            var forged = q.Honest(Forged);
            await q.ReplyAsync(forged with { Id = (ushort)(q.Message.Id + 1) });
            await q.ReplyAsync(forged with { Question = new("b.example.com", DnsRecordType.A) });
            await q.ReplyAsync(forged with { Question = new(q.Message.Question!.Name, DnsRecordType.AAAA) });
            await q.ReplyAsync(forged with { IsResponse = false });
            await q.ReplyFromElsewhereAsync(forged);
            await q.ReplyAsync(A(q.Name));
        });
        Assert.Equal(A("a.example.com"), (await AskAsync(Resolver(server))).Records.Single());
        Assert.Single(server.Queries);
    }

    [Fact]
    public async Task Many_forgeries_move_the_question_to_TCP()
    {
        var server = Server(async q =>
        {
            for (var i = 1; i <= 50 && !q.Tcp; i++)
                await q.ReplyAsync(q.Honest(Forged) with { Id = (ushort)(q.Message.Id + i) });
            if (q.Tcp)
                await q.ReplyAsync(A(q.Name));
        });
        Assert.Equal(A("a.example.com"), (await AskAsync(Resolver(server))).Records.Single());
        Assert.Equal([false, true], server.Queries.Select(q => q.Tcp));
    }

    [Fact]
    public async Task A_forged_answer_in_the_wrong_case_is_unmasked_over_TCP()
    {
        var server = Server(q => q.Tcp
            ? q.ReplyAsync(A(q.Name))
            : q.ReplyAsync(q.Honest(Forged) with { Question = new(Swapped(q.Message.Question!.Name), DnsRecordType.A) }));
        Assert.Equal(A("a.example.com"), (await AskAsync(Resolver(server))).Records.Single());
    }

    [Fact]
    public async Task A_server_that_loses_case_is_believed_over_TCP_and_remembered()
    {
        var server = Server(q => q.ReplyAsync(q.Honest(A(q.Name)) with { Question = q.Message.Question! with { Name = q.Name } }));
        var resolver = Resolver(server);
        await AskAsync(resolver, "a-name-of-many-letters.example.com");
        Assert.Equal([false, true], server.Queries.Select(q => q.Tcp));
        await AskAsync(resolver, "b-name-of-many-letters.example.com");
        Assert.Equal([false, true, false], server.Queries.Select(q => q.Tcp));
    }

    [Fact]
    public async Task A_server_that_loses_case_and_has_no_TCP_is_asked_in_plain_letters()
    {
        var server = Server(q => q.ReplyAsync(q.Honest(A(q.Name)) with { Question = q.Message.Question! with { Name = q.Name } }), tcp: false);
        Assert.Equal(DnsStatus.Ok, (await AskAsync(Resolver(server), "a-name-of-many-letters.example.com")).Status);
        Assert.Equal("a-name-of-many-letters.example.com", server.Queries[1].Message.Question!.Name);
    }

    [Fact]
    public async Task A_server_without_EDNS_is_asked_without_it_from_then_on()
    {
        var server = Server(q => q.Message.Extension is null
            ? q.ReplyAsync(A(q.Name))
            : q.ReplyAsync(new DnsMessage { Id = q.Message.Id, IsResponse = true, ResponseCode = DnsResponseCode.FormatError }));
        var resolver = Resolver(server);
        Assert.Equal(DnsStatus.Ok, (await AskAsync(resolver)).Status);
        Assert.Equal(DnsStatus.Ok, (await AskAsync(resolver, "b.example.com")).Status);
        Assert.Equal([true, false, false], server.Queries.Select(q => q.Message.Extension is not null));
    }

    [Fact]
    public async Task A_malformed_answer_is_a_failure_of_its_server()
    {
        var broken = Server(q =>
        {
            var bytes = ScriptedQuery.Wire(q.Honest(A(q.Name)));
            bytes[7] = 9;
            return q.SendAsync(bytes);
        });
        Assert.Equal(DnsStatus.Ok, (await AskAsync(Resolver(broken, Honest()))).Status);
        Assert.Equal(DnsStatus.ServerFailure, (await AskAsync(Resolver(broken), "b.example.com")).Status);
    }

    [Fact]
    public async Task A_TCP_answer_cut_short_or_to_another_question_is_a_failure()
    {
        var cut = Server(q => q.Tcp ? q.SendAsync([1, 2, 3]) : q.ReplyAsync(q.Honest() with { Truncated = true }));
        Assert.Equal(DnsStatus.ServerFailure, (await AskAsync(Resolver(cut))).Status);
        var other = Server(q => q.Tcp ? q.ReplyAsync(q.Honest(Forged) with { Question = new("b.example.com", DnsRecordType.A) }) : q.ReplyAsync(q.Honest() with { Truncated = true }));
        Assert.Equal(DnsStatus.ServerFailure, (await AskAsync(Resolver(other))).Status);
    }

    [Fact]
    public async Task Aliases_that_loop_end_in_one_answer_and_over_many()
    {
        var circle = Server(q => q.ReplyAsync(Cname(q.Name, "b.example.com"), Cname("b.example.com", q.Name)));
        Assert.Equal(DnsStatus.ServerFailure, (await AskAsync(Resolver(circle))).Status);
        Assert.Single(circle.Queries);

        var endless = Server(q => q.ReplyAsync(Cname(q.Name, "x" + q.Name)));
        Assert.Equal(DnsStatus.ServerFailure, (await AskAsync(Resolver(endless))).Status);
        Assert.Equal(DnsResponseReader.MaxChain + 1, endless.Queries.Count);
    }

    [Fact]
    public async Task A_chain_over_several_answers_has_the_least_ttl_and_AD_only_if_all_have()
    {
        var server = Server(q => q.Name switch
        {
            "a.example.com" => q.ReplyAsync(q.Honest(Cname(q.Name, "b.example.com", 50)) with { AuthenticData = true }),
            "b.example.com" => q.ReplyAsync(q.Honest(Cname(q.Name, "c.example.com", 40))),
            _ => q.ReplyAsync(q.Honest(A(q.Name)) with { AuthenticData = true }),
        });
        var resolver = Resolver(server);
        var answer = await AskAsync(resolver);
        Assert.Equal((DnsStatus.Ok, 40u, "c.example.com", false), (answer.Status, answer.Ttl, answer.CanonicalName, answer.Authenticated));
        Assert.True((await AskAsync(resolver, "d.example.com")).Authenticated);
    }

    private static string Swapped(string name) => new([.. name.Select(c => char.IsAsciiLetter(c) ? (char)(c ^ 0x20) : c)]);
}
