using System.Globalization;

namespace AgentMta.Protocol.Mime;

/// <summary>Reads dates of mail: RFC 5322 3.3, the obsolete forms of 4.3, and what else programs have written (ctime, ISO 8601).</summary>
public static class DateParser
{
    private const int MaxLength = 256;
    private const int LongestZone = 4;
    private const string Months = "janfebmaraprmayjunjulaugsepoctnovdec";

    /// <summary>The instant with its offset, or null where there is no date in the text.</summary>
    public static DateTimeOffset? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        // No token is longer than the text, and white space and comments only go.
        Span<char> room = stackalloc char[MaxLength];
        var plain = Plain(text.AsSpan(0, Math.Min(text.Length, MaxLength)), room);
        var found = new Found();
        foreach (var range in plain.Split(' '))
        {
            if (plain[range] is { IsEmpty: false } token)
                found.Take(token);
        }

        return found.ToDate();
    }

    // Words with spaces between them, for white space and commas. RFC 5322 4.3 and A.6.3: comments may stand anywhere, white space around the colons of a time.
    private static ReadOnlySpan<char> Plain(ReadOnlySpan<char> text, Span<char> room)
    {
        var plain = new TextBuffer(room);
        var depth = 0;
        foreach (var c in text)
        {
            switch (c)
            {
                case '(':
                    depth++;
                    break;
                case ')':
                    depth = Math.Max(0, depth - 1);
                    break;
                case var _ when depth > 0:
                    break;
                case ' ' or '\t' or ',':
                    if (plain.Length == 0 || plain[^1] != ':')
                        plain.Append(' ');
                    break;
                default:
                    while (c == ':' && plain.Length > 0 && plain[^1] == ' ')
                        plain.Length--;
                    plain.Append(c);
                    break;
            }
        }

        return plain.Text;
    }

    private struct Found
    {
        private int? _day;
        private int? _month;
        private int? _year;
        private TimeSpan? _time;
        private TimeSpan? _zone;
        private bool _afternoon;
        private bool _morning;

        public void Take(ReadOnlySpan<char> token)
        {
            if (token.Contains(':') && TakeIso(token))
                return;
            if (_time is null && (token.Contains(':') || _day is not null && _year is not null && token.Count('.') == 2) && TakeTime(token))
                return;
            if (token.Length > 5 && char.IsAsciiDigit(token[0]) && token.IndexOfAny('-', '/') > 0)
            {
                TakeJoined(token);
                return;
            }

            if (token[0] is '+' or '-' || char.IsAsciiLetter(token[0]))
                TakeWord(token);
            else if (TryNumber(token.TrimEnd('.'), out var number))
                TakeNumber(number, token.Length);
        }

        public readonly DateTimeOffset? ToDate()
        {
            if (_day is not { } day || _month is not { } month || _year is not { } year)
                return null;
            if (month is < 1 or > 12 || year is < 1 or > 9998 || day < 1 || day > DateTime.DaysInMonth(year, month))
                return null;
            var time = _time ?? TimeSpan.Zero;
            if (_afternoon && time.Hours < 12)
                time += TimeSpan.FromHours(12);
            else if (_morning && time.Hours == 12)
                time -= TimeSpan.FromHours(12);
            var local = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Unspecified) + time;
            var zone = _zone ?? TimeSpan.Zero;
            // RFC 5322 3.3 allows zones to 99 hours; DateTimeOffset to 14.
            if (zone.Duration() > TimeSpan.FromHours(14))
                (local, zone) = (year > 1 ? local - zone : local, TimeSpan.Zero);
            return year == 1 ? null : new DateTimeOffset(local, zone);
        }

        private void TakeNumber(int number, int digits)
        {
            if (_day is null && number is >= 1 and <= 31 && digits <= 2)
                _day = number;
            else if (_year is null && (_month is not null || digits == 4))
                _year = Year(number, digits);
            else if (_zone is null && _time is not null && digits == 4)
                _zone = Offset(1, number);
        }

        private void TakeWord(ReadOnlySpan<char> word)
        {
            if (_month is null && MonthOf(word) is { } month)
                _month = month;
            else if (word.Equals("PM", StringComparison.OrdinalIgnoreCase))
                _afternoon = true;
            else if (word.Equals("AM", StringComparison.OrdinalIgnoreCase))
                _morning = true;
            else if (_time is not null && (_zone is null || _zone == TimeSpan.Zero))
                _zone = ZoneOf(word) ?? _zone;
        }

        // 1-Jan-1997, 1/2/1997 (month first where it can be one), 1997-01-31.
        private void TakeJoined(ReadOnlySpan<char> token)
        {
            Span<Range> parts = stackalloc Range[4];
            if (token.SplitAny(parts, "-/") != 3)
                return;
            var named = MonthOf(token[parts[1]]);
            if (!TryNumber(token[parts[0]], out var first) || !TryNumber(token[parts[2]], out var third) || (!TryNumber(token[parts[1]], out var second) && named is null))
                return;
            var digits = token[parts[2]].Length;
            if (token[parts[0]].Length == 4)
                (_year, _month, _day) = (first, named ?? second, third);
            else if (named is not null)
                (_day, _month, _year) = (first, named, Year(third, digits));
            else if (first > 12)
                (_day, _month, _year) = (first, second, Year(third, digits));
            else
                (_month, _day, _year) = (first, second, Year(third, digits));
        }

        private bool TakeIso(ReadOnlySpan<char> token)
        {
            if (token.Length < 16 || token[4] != '-' || token[10] is not ('T' or 't'))
                return false;
            if (!DateTimeOffset.TryParse(token, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
                return false;
            (_year, _month, _day, _time, _zone) = (date.Year, date.Month, date.Day, new TimeSpan(date.Hour, date.Minute, date.Second), date.Offset);
            return true;
        }

        private bool TakeTime(ReadOnlySpan<char> token)
        {
            var end = token[1..].IndexOfAny('+', '-') + 1;
            var clock = (end > 0 ? token[..end] : token).TrimEnd("Zz");
            Span<Range> parts = stackalloc Range[4];
            var count = clock.SplitAny(parts, ":.");
            if (count < 2 || !TryNumber(clock[parts[0]], out var hours) || !TryNumber(clock[parts[1]], out var minutes) || hours > 24 || minutes > 59)
                return false;
            var seconds = count > 2 && TryNumber(clock[parts[2]], out var s) ? Math.Min(s, 59) : 0;
            _time = new TimeSpan(hours == 24 ? 0 : hours, minutes, seconds);
            if (end > 0)
                _zone = ZoneOf(token[end..]) ?? _zone;
            return true;
        }

        // RFC 5322 4.3: two digits are 1950 to 2049, three count from 1900.
        private static int Year(int number, int digits) => digits switch
        {
            <= 2 => number < 50 ? 2000 + number : 1900 + number,
            3 => 1900 + number,
            _ => number,
        };

        private static int? MonthOf(ReadOnlySpan<char> word)
        {
            if (word.Length < 3 || !char.IsAsciiLetter(word[0]))
                return null;
            var at = Months.AsSpan().IndexOf(word[..3], StringComparison.OrdinalIgnoreCase);
            return at >= 0 && at % 3 == 0 ? at / 3 + 1 : null;
        }

        private static TimeSpan? ZoneOf(ReadOnlySpan<char> word)
        {
            if (word[0] is '+' or '-')
                return NumericZone(word);
            if (word.Length > LongestZone)
                return null;

            // RFC 5322 4.3; military letters were defined the wrong way round in RFC 822 and mean -0000. Then zones seen in old mail.
            Span<char> upper = stackalloc char[LongestZone];
            return upper[..word.ToUpperInvariant(upper)] switch
            {
                "EDT" => TimeSpan.FromHours(-4),
                "EST" or "CDT" => TimeSpan.FromHours(-5),
                "CST" or "MDT" => TimeSpan.FromHours(-6),
                "MST" or "PDT" => TimeSpan.FromHours(-7),
                "PST" => TimeSpan.FromHours(-8),
                "BST" or "CET" or "MET" or "MEZ" or "WEST" => TimeSpan.FromHours(1),
                "CEST" or "MEST" or "MESZ" or "EET" or "SAST" => TimeSpan.FromHours(2),
                "EEST" or "MSK" => TimeSpan.FromHours(3),
                "JST" or "KST" => TimeSpan.FromHours(9),
                "HKT" or "SGT" or "AWST" => TimeSpan.FromHours(8),
                "AEST" => TimeSpan.FromHours(10),
                "AEDT" => TimeSpan.FromHours(11),
                "NZST" => TimeSpan.FromHours(12),
                "NZDT" => TimeSpan.FromHours(13),
                "UT" or "GMT" or "UTC" or "Z" => TimeSpan.Zero,
                _ => null,
            };
        }

        private static TimeSpan? NumericZone(ReadOnlySpan<char> word)
        {
            Span<char> digits = stackalloc char[MaxLength];
            var count = 0;
            foreach (var c in word[1..])
            {
                if (c != ':')
                    digits[count++] = c;
            }

            return TryNumber(digits[..count], out var number) && count is >= 1 and <= 4 ? Offset(word[0] == '-' ? -1 : 1, count <= 2 ? number * 100 : number) : null;
        }

        private static TimeSpan Offset(int sign, int hoursAndMinutes) =>
            sign * new TimeSpan(hoursAndMinutes / 100, Math.Min(hoursAndMinutes % 100, 59), 0);

        private static bool TryNumber(ReadOnlySpan<char> text, out int number) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
