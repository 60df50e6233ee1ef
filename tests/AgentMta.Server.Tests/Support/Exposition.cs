using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AgentMta.Server.Tests.Support;

/// <summary>A metric family as it was exposed.</summary>
internal sealed record ExposedFamily(string Name, string Kind, string Help, List<ExposedSample> Samples);

/// <summary>A line of it; labels without le.</summary>
internal sealed record ExposedSample(string Name, IReadOnlyList<KeyValuePair<string, string>> Labels, string? Bound, double Value);

/// <summary>Reads the text format of Prometheus (0.0.4) and fails at whatever its description or the naming rules of OpenMetrics do not allow.</summary>
internal sealed partial class Exposition
{
    private Exposition(Dictionary<string, ExposedFamily> families) => Families = families;

    public IReadOnlyDictionary<string, ExposedFamily> Families { get; }

    /// <summary>The value of a sample, whose labels are given as name=value; 0 where there is none yet.</summary>
    public double this[string name, params string[] labels] =>
        Families.Values.SelectMany(f => f.Samples).Where(s => s.Name == name && s.Bound is null && labels.All(l => s.Labels.Any(x => $"{x.Key}={x.Value}" == l))).Sum(s => s.Value);

    public static Exposition Read(byte[] octets)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(octets);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
        var families = new Dictionary<string, ExposedFamily>(StringComparer.Ordinal);
        ExposedFamily? family = null;
        var help = new Dictionary<string, string>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in text[..^1].Split('\n'))
        {
            if (HelpLine().Match(line) is { Success: true } h)
            {
                Assert.True(help.TryAdd(h.Groups[1].Value, h.Groups[2].Value), "HELP twice: " + line);
            }
            else if (TypeLine().Match(line) is { Success: true } t)
            {
                family = new ExposedFamily(t.Groups[1].Value, t.Groups[2].Value, help.GetValueOrDefault(t.Groups[1].Value) ?? throw new InvalidDataException("TYPE without HELP: " + line), []);
                Assert.True(families.TryAdd(family.Name, family), "TYPE twice: " + line);
            }
            else
            {
                var sample = SampleOf(line);
                Assert.True(family is not null && Suffixes(family).Contains(sample.Name), "a sample outside of its family: " + line);
                Assert.True(seen.Add($"{sample.Name}|{string.Join(',', sample.Labels.OrderBy(l => l.Key, StringComparer.Ordinal))}|{sample.Bound}"), "the same series twice: " + line);
                family.Samples.Add(sample);
            }
        }

        foreach (var one in families.Values)
            Check(one);
        return new Exposition(families);
    }

    private static void Check(ExposedFamily family)
    {
        Assert.NotEmpty(family.Help);
        Assert.Equal(family.Kind == "counter", family.Name.EndsWith("_total", StringComparison.Ordinal));
        Assert.DoesNotMatch("(_ms|_milliseconds|_minutes|_hours|_days|_kilobytes|_megabytes|_octets|_percent)(_total)?$", family.Name);
        Assert.All(family.Samples.SelectMany(s => s.Labels), l => Assert.NotEqual("le", l.Key));
        Assert.True(family.Samples.GroupBy(s => string.Join(',', s.Labels.Select(l => l.Key))).Count() <= 1, family.Name + " has series with different labels");
        if (family.Kind == "counter")
            Assert.All(family.Samples, s => Assert.True(s.Value >= 0, s.ToString()));
        if (family.Kind != "histogram")
            return;
        foreach (var series in family.Samples.GroupBy(s => string.Join(',', s.Labels)))
        {
            var buckets = series.Where(s => s.Name.EndsWith("_bucket", StringComparison.Ordinal)).ToList();
            var bounds = buckets.Select(b => Number(b.Bound!)).ToList();
            Assert.Equal(bounds.Order().Distinct(), bounds);
            Assert.Equal(double.PositiveInfinity, bounds[^1]);
            Assert.Equal(buckets.Select(b => b.Value).Order(), buckets.Select(b => b.Value));
            Assert.Equal(buckets[^1].Value, Assert.Single(series, s => s.Name == family.Name + "_count").Value);
            Assert.Single(series, s => s.Name == family.Name + "_sum");
        }
    }

    private static string[] Suffixes(ExposedFamily family) => family.Kind == "histogram" ? [family.Name + "_bucket", family.Name + "_sum", family.Name + "_count"] : [family.Name];

    private static ExposedSample SampleOf(string line)
    {
        var match = SampleLine().Match(line);
        Assert.True(match.Success, "no line of the format: " + line);
        var labels = new List<KeyValuePair<string, string>>();
        foreach (Match label in LabelPair().Matches(match.Groups["labels"].Value))
            labels.Add(new(label.Groups[1].Value, label.Groups[2].Value.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal)));
        Assert.Equal(labels.Count, labels.DistinctBy(l => l.Key).Count());
        var bound = labels.Find(l => l.Key == "le").Value;
        return new ExposedSample(match.Groups["name"].Value, [.. labels.Where(l => l.Key != "le")], bound, Number(match.Groups["value"].Value));
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex(@"\A# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)*)\z")]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"\A# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)\z")]
    private static partial Regex TypeLine();

    [GeneratedRegex("""\A(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\\\|\\"|\\n)*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\\\|\\"|\\n)*")*)\})? (?<value>NaN|[+-]Inf|[+-]?[0-9]+(?:\.[0-9]+)?(?:E[+-][0-9]+)?)\z""")]
    private static partial Regex SampleLine();

    [GeneratedRegex("""([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\\\|\\"|\\n)*)"(?:,|\z)""")]
    private static partial Regex LabelPair();
}
