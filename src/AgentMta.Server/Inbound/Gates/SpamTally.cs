using System.Globalization;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>A score that can be explained: each rule that applied, with its points and why.</summary>
internal sealed class SpamTally
{
    private readonly List<(string Rule, double Points, string Why)> _rules = [];

    /// <summary>The sum.</summary>
    public double Total { get; private set; }

    /// <summary>The rules that applied, in order.</summary>
    public IReadOnlyList<(string Rule, double Points, string Why)> Rules => _rules;

    /// <summary>Adds a rule where it applies.</summary>
    public void AddIf(bool applies, string rule, double points, string why)
    {
        if (applies)
            Add(rule, points, why);
    }

    /// <summary>Adds a rule.</summary>
    public void Add(string rule, double points, string why)
    {
        _rules.Add((rule, points, why));
        Total += points;
    }

    /// <summary>The score and its parts as evidence.</summary>
    public IReadOnlyList<(string Name, string Value)> Evidence
    {
        get
        {
            var evidence = new (string Name, string Value)[_rules.Count + 2];
            evidence[0] = ("scanner", "built-in");
            evidence[1] = ("score", Text(Total));
            for (var i = 0; i < _rules.Count; i++)
                evidence[i + 2] = (_rules[i].Rule, string.Create(CultureInfo.InvariantCulture, $"{_rules[i].Points:0.##} {_rules[i].Why}"));
            return evidence;
        }
    }

    private static string Text(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
