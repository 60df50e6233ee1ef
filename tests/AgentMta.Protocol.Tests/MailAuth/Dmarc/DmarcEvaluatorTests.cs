using AgentMta.Protocol.MailAuth.Dmarc;

namespace AgentMta.Protocol.Tests.MailAuth.Dmarc;

public sealed class DmarcEvaluatorTests
{
    private static readonly PublicSuffixList Suffixes = PublicSuffixList.Parse("com\nexample\nco.uk\nuk\n");
    private readonly ZoneMap _zone = new();

    [Fact]
    public async Task Without_a_From_domain_DMARC_says_none()
    {
        Assert.Equal(DmarcStatus.None, (await EvaluateAsync([])).Status);
        Assert.Equal(DmarcStatus.None, (await EvaluateAsync(["not a domain", "[192.0.2.1]"])).Status);
        Assert.Empty(_zone.Asked);
    }

    [Fact]
    public async Task Of_several_From_domains_the_strictest_failure_counts()
    {
        _zone.Txt("_dmarc.good.com", "v=DMARC1; p=reject").Txt("_dmarc.victim.com", "v=DMARC1; p=quarantine");
        var result = await EvaluateAsync(["good.com", "victim.com", "GOOD.com."], dkim: ["good.com"]);
        Assert.Equal((DmarcStatus.Fail, "victim.com", DmarcPolicy.Quarantine), (result.Status, result.AuthorDomain, result.Disposition));
        Assert.Equal(DmarcStatus.None, (await EvaluateAsync(["good.com", "nothing.com"], dkim: ["good.com"])).Status);
        Assert.Equal(DmarcStatus.Pass, (await EvaluateAsync(["good.com", "victim.com"], dkim: ["good.com", "victim.com"])).Status);
    }

    [Fact]
    public async Task More_From_domains_than_any_writer_has_are_a_permanent_error() =>
        Assert.Equal(DmarcStatus.PermError, (await EvaluateAsync([.. Enumerable.Range(0, 20).Select(i => $"d{i}.com")])).Status);

    [Fact]
    public async Task Internationalised_domains_meet_in_their_A_labels()
    {
        _zone.Txt("_dmarc.xn--bcher-kva.example", "v=DMARC1; p=reject");
        Assert.Equal(DmarcStatus.Pass, (await EvaluateAsync(["BÜCHER.example"], dkim: ["xn--bcher-kva.example"])).Status);
    }

    [Theory]
    [InlineData("", "b.example.com", true)]
    [InlineData("adkim=s", "b.example.com", false)]
    [InlineData("adkim=s", "a.example.com", true)]
    [InlineData("", "example.com", true)]
    [InlineData("", "notexample.com", false)]
    [InlineData("", "com", false)]
    public async Task Alignment_is_relaxed_unless_the_owner_says_strict(string tags, string signer, bool aligned)
    {
        _zone.Txt("_dmarc.example.com", "v=DMARC1; p=reject; " + tags);
        foreach (var spec in new[] { DmarcSpec.Rfc9989, DmarcSpec.Rfc7489 })
        {
            var result = await EvaluateAsync(["a.example.com"], dkim: [signer], spec: spec);
            Assert.Equal((aligned ? DmarcStatus.Pass : DmarcStatus.Fail, aligned), (result.Status, result.IsAligned("dkim")));
        }
    }

    [Theory]
    [InlineData("p=reject", DmarcPolicy.Reject, "p")]
    [InlineData("p=reject; sp=none", DmarcPolicy.None, "sp")]
    [InlineData("p=none; sp=quarantine; np=reject", DmarcPolicy.Reject, "np")]
    [InlineData("p=none; np=reject", DmarcPolicy.Reject, "np")]
    public async Task Subdomains_that_do_not_exist_get_np_then_sp_then_p(string tags, DmarcPolicy policy, string tag)
    {
        _zone.Txt("_dmarc.example.com", "v=DMARC1; " + tags);
        var result = await EvaluateAsync(["ghost.example.com"]);
        Assert.Equal((DmarcStatus.Fail, policy, tag, policy), (result.Status, result.Policy, result.PolicyTag, result.Disposition));
        _zone.Address("real.example.com", "192.0.2.1");
        Assert.NotEqual("np", (await EvaluateAsync(["real.example.com"])).PolicyTag);
        Assert.NotEqual("np", (await EvaluateAsync(["ghost.example.com"], spec: DmarcSpec.Rfc7489)).PolicyTag);
    }

    [Fact]
    public async Task A_failed_existence_look_up_leaves_only_what_hangs_on_it_open()
    {
        _zone.Txt("_dmarc.example.com", "v=DMARC1; p=none; np=reject").Fails("sub.example.com");
        Assert.Equal(DmarcStatus.TempError, (await EvaluateAsync(["sub.example.com"])).Status);
        Assert.Equal(DmarcStatus.Pass, (await EvaluateAsync(["sub.example.com"], dkim: ["example.com"])).Status);
        _zone.Txt("_dmarc.example.org", "v=DMARC1; p=reject; np=reject").Fails("sub.example.org");
        Assert.Equal(DmarcStatus.Fail, (await EvaluateAsync(["sub.example.org"])).Status);
    }

    [Theory]
    [InlineData("p=reject; t=y", DmarcPolicy.Quarantine)]
    [InlineData("p=quarantine; t=y", DmarcPolicy.None)]
    [InlineData("p=none; t=y", DmarcPolicy.None)]
    [InlineData("p=reject; t=n; pct=0", DmarcPolicy.Reject)]
    public async Task Test_mode_takes_one_step_down_and_pct_is_history(string tags, DmarcPolicy disposition)
    {
        _zone.Txt("_dmarc.example.com", "v=DMARC1; " + tags);
        Assert.Equal(disposition, (await EvaluateAsync(["example.com"])).Disposition);
    }

    [Theory]
    [InlineData(0, 0, DmarcPolicy.Quarantine)]
    [InlineData(50, 49, DmarcPolicy.Reject)]
    [InlineData(50, 50, DmarcPolicy.Quarantine)]
    [InlineData(100, 99, DmarcPolicy.Reject)]
    public async Task By_RFC_7489_pct_spares_the_rest_one_step(int percent, int sample, DmarcPolicy disposition)
    {
        _zone.Txt("_dmarc.example.com", $"v=DMARC1; p=reject; t=y; pct={percent}");
        var result = await DmarcEvaluator.EvaluateAsync(new DmarcRequest(["example.com"], [], [], DmarcSpec.Rfc7489) { Sample = sample }, _zone, Suffixes, default);
        Assert.Equal((DmarcPolicy.Reject, disposition), (result.Policy, result.Disposition));
    }

    [Theory]
    [InlineData("rua=mailto:r@example.com", DmarcStatus.Fail)]
    [InlineData("p=bad; rua=mailto:r@example.com", DmarcStatus.Fail)]
    [InlineData("p=reject; sp=bad; rua=mailto:r@example.com", DmarcStatus.Fail)]
    [InlineData("p=reject; np=bad", DmarcStatus.None)]
    [InlineData("p=reject; sp=bad", DmarcStatus.None)]
    [InlineData("rua=nobody", DmarcStatus.None)]
    public async Task A_record_without_a_valid_policy_counts_as_none_where_reports_are_wanted(string tags, DmarcStatus expected)
    {
        _zone.Txt("_dmarc.example.com", "v=DMARC1; " + tags);
        var result = await EvaluateAsync(["example.com"]);
        Assert.Equal((expected, DmarcPolicy.None), (result.Status, result.Disposition));
    }

    [Fact]
    public async Task A_temporary_error_of_an_aligned_identifier_leaves_the_outcome_open()
    {
        _zone.Txt("_dmarc.example.com", "v=DMARC1; p=reject");
        var request = new DmarcRequest(["example.com"], ["other.com"], []);
        Assert.Equal(DmarcStatus.TempError, (await Run(request with { DkimTempErrorDomains = ["mail.example.com"] })).Status);
        Assert.Equal(DmarcStatus.TempError, (await Run(request with { SpfTempErrorDomains = ["example.com"] })).Status);
        Assert.Equal(DmarcStatus.Fail, (await Run(request with { DkimTempErrorDomains = ["attacker.com"], SpfTempErrorDomains = ["attacker.org"] })).Status);
        Assert.Equal(DmarcStatus.Pass, (await Run(request with { DkimPassDomains = ["example.com"], SpfTempErrorDomains = ["example.com"] })).Status);

        async Task<DmarcResult> Run(DmarcRequest r) => await DmarcEvaluator.EvaluateAsync(r, _zone, null, default);
    }

    [Fact]
    public async Task A_failed_policy_look_up_is_a_temporary_error_only_where_it_decides()
    {
        _zone.Fails("_dmarc.mail.example.com");
        Assert.Equal(DmarcStatus.TempError, (await EvaluateAsync(["mail.example.com"])).Status);
        _zone.Txt("_dmarc.example.org", "v=DMARC1; p=reject").Fails("_dmarc.org");
        Assert.Equal(DmarcStatus.Pass, (await EvaluateAsync(["example.org"], dkim: ["example.org"])).Status);
        Assert.Equal(DmarcStatus.Fail, (await EvaluateAsync(["example.org"], dkim: ["example.net"])).Status);
        Assert.Equal(DmarcStatus.TempError, (await EvaluateAsync(["example.org"], dkim: ["sub.example.org"])).Status);
    }

    [Fact]
    public async Task By_RFC_7489_the_suffix_list_finds_the_organisation_and_two_records_end_the_search()
    {
        _zone.Txt("_dmarc.example.co.uk", "v=DMARC1; p=reject; sp=quarantine").Txt("_dmarc.two.co.uk", "v=DMARC1; p=none", "v=DMARC1; p=reject");
        var result = await EvaluateAsync(["a.b.example.co.uk"], spf: ["c.example.co.uk"], spec: DmarcSpec.Rfc7489);
        Assert.Equal((DmarcStatus.Pass, "example.co.uk", DmarcPolicy.Quarantine), (result.Status, result.OrganizationalDomain, result.Policy));
        Assert.Equal(DmarcStatus.Fail, (await EvaluateAsync(["a.example.co.uk"], spf: ["other.co.uk"], spec: DmarcSpec.Rfc7489)).Status);
        Assert.Equal(DmarcStatus.None, (await EvaluateAsync(["x.two.co.uk"], spec: DmarcSpec.Rfc7489)).Status);
        Assert.DoesNotContain("_dmarc.co.uk TXT", _zone.Asked);
    }

    private async Task<DmarcResult> EvaluateAsync(string[] from, string[]? dkim = null, string[]? spf = null, DmarcSpec spec = DmarcSpec.Rfc9989) =>
        await DmarcEvaluator.EvaluateAsync(new DmarcRequest(from, dkim ?? [], spf ?? [], spec), _zone, Suffixes, CancellationToken.None);
}
