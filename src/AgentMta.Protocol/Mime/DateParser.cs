using System.Globalization;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Reads dates of mail: RFC 5322 3.3, the obsolete forms of 4.3, and what else programs have written (ctime, ISO 8601).</summary>
public static class DateParser
{
    private const int MaxLength = 256;
    private const string Months = "janfebmaraprmayjunjulaugsepoctnovdec";

    /// <summary>The instant with its offset, or null where there is no date in the text.</summary>
    public static DateTimeOffset? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        var found = new Found();
        foreach (var token in Tokens(text.Length > MaxLength ? text[..MaxLength] : text))
            found.Take(token);
        return found.ToDate();
    }

    // Words between white space and commas. RFC 5322 4.3 and A.6.3: comments may stand anywhere, white space around the colons of a time.
    private static string[] Tokens(string text)
    {
        var plain = new StringBuilder(text.Length);
        var depth = 0;
        foreach (var c in text)
        {
            if (c == '(')
                depth++;
            else if (c == ')')
                depth = Math.Max(0, depth - 1);
            else if (depth == 0 && c is ' ' or '\t' or ',')
                plain.Append(plain.Length > 0 && plain[^1] == ':' ? "" : " ");
            else if (depth == 0 && c == ':')
                TrimEnd(plain).Append(c);
            else if (depth == 0)
                plain.Append(c);
        }

        return plain.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    private static StringBuilder TrimEnd(StringBuilder text)
    {
        while (text.Length > 0 && text[^1] == ' ')
            text.Length--;
        return text;
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

        public void Take(string token)
        {
            if (token.Contains(':', StringComparison.Ordinal) && TakeIso(token))
                return;
            if (_time is null && (token.Contains(':', StringComparison.Ordinal) || _day is not null && _year is not null && token.Count(c => c == '.') == 2) && TakeTime(token))
                return;
            if (token.Length > 5 && char.IsAsciiDigit(token[0]) && token.AsSpan().IndexOfAny('-', '/') > 0)
            {
                TakeJoined(token.Split('-', '/'));
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

        private void TakeWord(string word)
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
        private void TakeJoined(string[] parts)
        {
            if (parts.Length != 3)
                return;
            var named = MonthOf(parts[1]);
            if (!TryNumber(parts[0], out var first) || !TryNumber(parts[2], out var third) || (!TryNumber(parts[1], out var second) && named is null))
                return;
            if (parts[0].Length == 4)
                (_year, _month, _day) = (first, named ?? second, third);
            else if (named is not null)
                (_day, _month, _year) = (first, named, Year(third, parts[2].Length));
            else if (first > 12)
                (_day, _month, _year) = (first, second, Year(third, parts[2].Length));
            else
                (_month, _day, _year) = (first, second, Year(third, parts[2].Length));
        }

        private bool TakeIso(string token)
        {
            if (token.Length < 16 || token[4] != '-' || token[10] is not ('T' or 't'))
                return false;
            if (!DateTimeOffset.TryParse(token, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
                return false;
            (_year, _month, _day, _time, _zone) = (date.Year, date.Month, date.Day, new TimeSpan(date.Hour, date.Minute, date.Second), date.Offset);
            return true;
        }

        private bool TakeTime(string token)
        {
            var end = token.AsSpan(1).IndexOfAny('+', '-') + 1;
            var clock = end > 0 ? token[..end] : token;
            var parts = clock.TrimEnd('Z', 'z').Split(':', '.');
            if (parts.Length < 2 || !TryNumber(parts[0], out var hours) || !TryNumber(parts[1], out var minutes) || hours > 24 || minutes > 59)
                return false;
            var seconds = parts.Length > 2 && TryNumber(parts[2], out var s) ? Math.Min(s, 59) : 0;
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

        private static int? MonthOf(string word)
        {
            if (word.Length < 3 || !char.IsAsciiLetter(word[0]))
                return null;
            var at = Months.IndexOf(word[..3], StringComparison.OrdinalIgnoreCase);
            return at >= 0 && at % 3 == 0 ? at / 3 + 1 : null;
        }

        private static TimeSpan? ZoneOf(string word)
        {
            if (word[0] is '+' or '-')
            {
                var digits = word[1..].Replace(":", "", StringComparison.Ordinal);
                return TryNumber(digits, out var number) && digits.Length is >= 1 and <= 4 ? Offset(word[0] == '-' ? -1 : 1, digits.Length <= 2 ? number * 100 : number) : null;
            }

            // RFC 5322 4.3; military letters were defined the wrong way round in RFC 822 and mean -0000. Then zones seen in old mail.
            return word.ToUpperInvariant() switch
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

        private static TimeSpan Offset(int sign, int hoursAndMinutes) =>
            sign * new TimeSpan(hoursAndMinutes / 100, Math.Min(hoursAndMinutes % 100, 59), 0);

        private static bool TryNumber(string text, out int number) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
