using System.Globalization;
using System.Text;
using AgentMta.Protocol.MailAuth;

namespace AgentMta.Server.Hosting.Metrics;

/// <summary>Writes the text format of Prometheus, version 0.0.4, which every scraper reads.</summary>
internal static class ExpositionWriter
{
    /// <summary>The Content-Type.</summary>
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    public static byte[] Write(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder(32 * 1024);
        foreach (var family in families)
        {
            text.Append("# HELP ").Append(family.Name).Append(' ').Append(family.Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
            text.Append("# TYPE ").Append(family.Name).Append(' ').Append(EnumWord.Of(family.Kind)).Append('\n');
            foreach (var (values, series) in family.Series)
            {
                if (family.Kind == MetricKind.Histogram)
                    WriteHistogram(text, family, values, series);
                else
                    WriteSample(text, family, "", values, null, series.Value);
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void WriteHistogram(StringBuilder text, MetricFamily family, LabelValues values, MetricSeries series)
    {
        var counts = series.Cumulative();
        for (var i = 0; i < counts.Length; i++)
            WriteSample(text, family, "_bucket", values, i < family.Bounds.Count ? Number(family.Bounds[i]) : "+Inf", counts[i]);
        WriteSample(text, family, "_sum", values, null, series.Value);
        WriteSample(text, family, "_count", values, null, counts[^1]);
    }

    private static void WriteSample(StringBuilder text, MetricFamily family, string suffix, LabelValues values, string? bound, double value)
    {
        text.Append(family.Name).Append(suffix);
        var separator = '{';
        for (var i = 0; i < values.Count; i++)
        {
            text.Append(separator).Append(family.Labels[i]).Append("=\"").Append(Escape(values[i])).Append('"');
            separator = ',';
        }

        if (bound is not null)
        {
            text.Append(separator).Append("le=\"").Append(bound).Append('"');
            separator = ',';
        }

        text.Append(separator == ',' ? "} " : " ").Append(Number(value)).Append('\n');
    }

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}
