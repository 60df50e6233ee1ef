using System.Globalization;

namespace AgentMta.Server.Api;

/// <summary>One page of a list: its items, and the token of the next where there is one.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Cuts pages: a list is asked for one row more than is shown, and that row tells that there is a next page.</summary>
internal static class Page
{
    /// <summary>The page of these rows.</summary>
    public static Page<T> Of<T>(List<T> rows, int limit, ApiCall call, Func<T, IReadOnlyList<string>> position) =>
        rows.Count > limit ? new Page<T>(rows[..limit], call.NextPage(position(rows[limit - 1]))) : new Page<T>(rows, null);

    /// <summary>A number in a token.</summary>
    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A (time, id) position of a token.</summary>
    public static (long At, string Id)? Position(ApiCall call) =>
        call.PageStart(2) is [var at, var id] && long.TryParse(at, NumberStyles.Integer, CultureInfo.InvariantCulture, out var time) ? (time, id) : null;
}
