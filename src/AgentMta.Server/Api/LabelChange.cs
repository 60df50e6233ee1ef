using AgentMta.Server.Model;

namespace AgentMta.Server.Api;

/// <summary>Labels to be added and removed, checked as a whole before anything is changed.</summary>
internal sealed record LabelChange(IReadOnlyList<string> Add, IReadOnlyList<string> Remove)
{
    /// <summary>The change that a body asks for.</summary>
    /// <exception cref="ApiException">400 naming the label that cannot be.</exception>
    public static LabelChange Read(IReadOnlyList<string>? add, IReadOnlyList<string>? remove) => new(Check("add_labels", add ?? []), Check("remove_labels", remove ?? []));

    /// <summary>Labels given at sending.</summary>
    public static IReadOnlyList<string> ReadLabels(IReadOnlyList<string>? labels)
    {
        var checkedLabels = Check("labels", labels ?? []);
        return checkedLabels.Count <= LabelRules.MaximumUserLabels ? checkedLabels : throw ApiException.Invalid("labels", $"At most {LabelRules.MaximumUserLabels} labels are taken.");
    }

    /// <summary>Labels that hide what they stand on, as far as this query does not ask for them and this key may not read them.</summary>
    public static IReadOnlyList<string> Hidden(ApiCall call)
    {
        var labels = call.Query.List("labels");
        return Hidden(call.Credential, label => call.Query.Flag("include_" + label) == true || labels.Contains(label, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The same for what was asked for elsewhere.</summary>
    public static IReadOnlyList<string> Hidden(Credential credential, Func<string, bool> isAsked) =>
        [.. Labels.Hiding.Where(label => !isAsked(label) || !credential.May($"label_{label}_read"))];

    /// <summary>Labels whose messages this key may not see at all.</summary>
    public static IReadOnlyList<string> Forbidden(Credential credential) => credential.Permissions is null ? [] : [.. Labels.Hiding.Where(l => !credential.May($"label_{l}_read"))];

    private static List<string> Check(string field, IReadOnlyList<string> labels)
    {
        var normal = new List<string>(labels.Count);
        foreach (var label in labels)
        {
            var text = LabelRules.Normalise(label) ?? throw ApiException.Invalid(field, $"A label has 1 to {LabelRules.MaximumLength} characters that are not all white space.");
            if (Labels.System.Contains(text))
                throw ApiException.Invalid(field, $"'{text}' is set by the server alone.", "Choose another label.");
            normal.Add(text);
        }

        return normal;
    }
}
