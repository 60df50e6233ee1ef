using AgentMta.Server.Model;
using AgentMta.Server.Webhooks;

namespace AgentMta.Server.Tests.Webhooks;

public sealed class WebhookSignerTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeSeconds(1614265330);

    [Fact]
    public void Signs_as_the_published_vector_of_standard_webhooks_says() =>
        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", WebhookSigner.Signature(Secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", At, """{"test": 2432232314}"""u8));

    [Fact]
    public void Both_secrets_sign_during_an_overlap_and_both_header_families_are_written()
    {
        using var request = new HttpRequestMessage();
        WebhookSigner.Sign(request.Headers, [new WebhookSecret(Secret), new WebhookSecret(Other, At.AddSeconds(1))], "id", At, "{}"u8);
        foreach (var family in new[] { "webhook", "svix" })
        {
            Assert.Equal("id", request.Headers.GetValues(family + "-id").Single());
            Assert.Equal("1614265330", request.Headers.GetValues(family + "-timestamp").Single());
            Assert.Equal(
                $"{WebhookSigner.Signature(Secret, "id", At, "{}"u8)} {WebhookSigner.Signature(Other, "id", At, "{}"u8)}", request.Headers.GetValues(family + "-signature").Single());
        }
    }

    [Fact]
    public void A_secret_that_is_over_signs_nothing()
    {
        using var request = new HttpRequestMessage();
        WebhookSigner.Sign(request.Headers, [new WebhookSecret(Secret), new WebhookSecret(Other, At)], "id", At, "{}"u8);
        Assert.Equal(WebhookSigner.Signature(Secret, "id", At, "{}"u8), request.Headers.GetValues("webhook-signature").Single());
    }

    [Fact]
    public void New_secrets_are_secrets_and_differ()
    {
        var made = WebhookSigner.NewSecret();
        Assert.True(WebhookSigner.IsSecret(made));
        Assert.NotEqual(made, WebhookSigner.NewSecret());
    }

    [Theory]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("whsec_c2hvcnQ=")]
    [InlineData("whsec_not base64 at all, and long enough to be one")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    public void Anything_else_is_no_secret(string text) => Assert.False(WebhookSigner.IsSecret(text));

    [Fact]
    public void The_schedule_is_that_of_the_contract()
    {
        Assert.Equal(
            [5, 300, 1800, 7200, 18000, 36000, 36000], Enumerable.Range(1, 7).Select(n => RetrySchedule.After(n, 0)!.Value.TotalSeconds));
        Assert.Null(RetrySchedule.After(8, 0));
        Assert.Equal(5.5, RetrySchedule.After(1, 1)!.Value.TotalSeconds, 6);
    }
}
