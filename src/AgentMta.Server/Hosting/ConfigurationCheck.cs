using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace AgentMta.Server.Hosting;

/// <remarks>A property with [Browsable(false)] is no key: Hosting sets it from a short key.</remarks>
/// <summary>Compares a configuration with the options it is meant for: an unknown key, a value of the wrong kind or out of range becomes a sentence with key, value and what is allowed.</summary>
internal static class ConfigurationCheck
{
    /// <summary>Keys that do not exist, and values that cannot be read as the key's type.</summary>
    public static IEnumerable<string> Shape(IConfiguration configuration, Type options, string path = "")
    {
        foreach (var section in configuration.GetChildren())
        {
            var key = Join(path, section.Key);
            var property = Properties(options).FirstOrDefault(p => p.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                yield return $"{key}: there is no such key. Allowed here: {string.Join(", ", Properties(options).Select(p => p.Name))}.";
                continue;
            }

            if (section.Value is null && !section.GetChildren().Any() && !MayBeNull(property))
                yield return $"{key}: null is no value here. Leave the key out for its default, or: {Allowed(property.PropertyType)}";
            foreach (var fault in Value(section, property.PropertyType, key))
                yield return fault;
        }
    }

    /// <summary>Values out of their range, by the attributes and the own rules of the options.</summary>
    public static IEnumerable<string> Range(object options, string path = "")
    {
        foreach (var property in Properties(options.GetType()))
        {
            var key = Join(path, property.Name);
            var value = property.GetValue(options);
            var elements = ElementType(property.PropertyType) is null || value is null ? [] : ((IEnumerable)value).Cast<object>().Select((element, i) => (Key: $"{key}:{i}", Value: element)).ToList();
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                // A range holds for each element of a list.
                foreach (var (at, one) in rule is RangeAttribute && elements.Count > 0 ? elements : [(key, value!)])
                {
                    if (!(rule is RangeAttribute && one is IEnumerable) && !rule.IsValid(one))
                        yield return $"{at} = '{Show(one)}': {Allowed(rule, at)}";
                }
            }

            foreach (var (at, one) in IsSection(property.PropertyType) && value is not null ? [(key, value)] : elements.Where(e => IsSection(e.Value.GetType())))
            {
                foreach (var fault in Range(one, at))
                    yield return fault;
            }
        }

        if (options is IValidatableObject own)
        {
            foreach (var result in own.Validate(new ValidationContext(options)))
            {
                var member = result.MemberNames.First();
                yield return $"{Join(path, member)} = '{Show(Find(options, member))}': {result.ErrorMessage}";
            }
        }
    }

    /// <summary>Lists of which fewer elements arrived in the options than the configuration has: what the binder cannot make it leaves out.</summary>
    public static IEnumerable<string> Dropped(IConfiguration configuration, object options, string path = "")
    {
        foreach (var section in configuration.GetChildren())
        {
            var property = Properties(options.GetType()).First(p => p.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase));
            var (key, value) = (Join(path, property.Name), property.GetValue(options));
            if (ElementType(property.PropertyType) is not null)
            {
                var (given, made) = (section.GetChildren().Count(), (value as IEnumerable)?.Cast<object>().Count() ?? 0);
                if (made != given)
                    yield return $"{key}: of {given} elements only {made} can be used. Look for the one that says less than the others.";
            }
            else if (value is not null && IsSection(property.PropertyType))
            {
                foreach (var fault in Dropped(section, value, key))
                    yield return fault;
            }
        }
    }

    /// <summary>Empties each list that the configuration names: the binder would add to its default instead of replacing it.</summary>
    public static void ClearNamedLists(IConfiguration configuration, object options)
    {
        foreach (var section in configuration.GetChildren())
        {
            var property = Properties(options.GetType()).FirstOrDefault(p => p.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
                continue;
            if (ElementType(property.PropertyType) is { } element)
                property.SetValue(options, Array.CreateInstance(element, 0));
            else if (property.GetValue(options) is { } value && IsSection(property.PropertyType))
                ClearNamedLists(section, value);
        }
    }

    /// <summary>Every key below an options type, for the sample file's test and for documentation; an element of a list has the number 0.</summary>
    public static IEnumerable<string> Keys(Type options, string path = "")
    {
        foreach (var property in Properties(options))
        {
            var key = Join(path, property.Name);
            var element = ElementType(property.PropertyType);
            if (!IsSection(property.PropertyType))
                yield return key;
            if (IsSection(element ?? property.PropertyType))
            {
                foreach (var inner in Keys(element ?? property.PropertyType, element is null ? key : key + ":0"))
                    yield return inner;
            }
        }
    }

    private static IEnumerable<string> Value(IConfigurationSection section, Type type, string key)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (ElementType(type) is { } element)
            return section.Value is { Length: > 0 } single ? [$"{key} = '{single}': a list is expected, whose first element is {key}:0."] : section.GetChildren().SelectMany(child => Element(child, element, key + ":" + child.Key));
        if (IsSection(type))
            return section.Value is { Length: > 0 } text ? [$"{key} = '{text}': this is a section with keys of its own: {string.Join(", ", Properties(type).Select(p => p.Name))}."] : Shape(section, type, key);
        if (section.Value is null)
            return section.GetChildren().Any() ? [$"{key}: this is a single value, not a section or a list."] : [];
        if (type == typeof(string))
            return [];
        return CanRead(section.Value, type) ? [] : [$"{key} = '{section.Value}': {Allowed(type)}"];
    }

    // A place in a list that holds nothing is no element, and no default either.
    private static IEnumerable<string> Element(IConfigurationSection section, Type type, string key)
    {
        if (!string.IsNullOrEmpty(section.Value) || section.GetChildren().Any())
            return Value(section, type, key);
        return [IsSection(type) ? $"{key}: this element is empty. Its keys are {string.Join(", ", Properties(type).Select(p => p.Name))}." : $"{key} = '{section.Value}': {Allowed(type)}"];
    }

    private static bool CanRead(string value, Type type)
    {
        try
        {
            // .NET takes "300" for 300 days; nobody means them.
            if (type == typeof(TimeSpan) && !value.Contains(':', StringComparison.Ordinal))
                return false;
            return TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, value) is { } read && (!type.IsEnum || Enum.IsDefined(type, read));
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException or OverflowException or InvalidCastException)
        {
            return false;
        }
    }

    private static string Allowed(Type type) => type switch
    {
        _ when type == typeof(bool) => "allowed are true and false.",
        _ when type.IsEnum => $"allowed are {string.Join(", ", Enum.GetNames(type))}.",
        _ when type == typeof(TimeSpan) => "a duration as [days.]hours:minutes:seconds is expected, for instance 00:05:00.",
        _ when type == typeof(int) || type == typeof(long) => "a whole number is expected.",
        _ when type == typeof(double) || type == typeof(decimal) => "a number is expected, with a point for decimals.",
        _ when type == typeof(System.Net.IPNetwork) => "a network is expected, such as 192.0.2.0/24 or 2001:db8::/32, or an address.",
        _ when type == typeof(string) => "a value is expected.",
        _ when ElementType(type) is not null => "[] is the empty list.",
        _ => $"a {type.Name} is expected.",
    };

    private static string Allowed(ValidationAttribute rule, string key) => rule is RangeAttribute { ErrorMessage: null } range
        ? $"a {(range.OperandType == typeof(TimeSpan) ? "duration" : "number")} from {Show(range.Minimum)} to {Show(range.Maximum)} is expected."
        : rule.FormatErrorMessage(key);

    private static string Join(string path, string name) => path.Length == 0 ? name : path + ":" + name;

    // The value of a key below the options, for instance DnsLists:0:Zone.
    private static object? Find(object? options, string key)
    {
        foreach (var name in key.Split(':'))
        {
            options = options is IList list ? list[int.Parse(name, CultureInfo.InvariantCulture)] : options?.GetType().GetProperty(name)?.GetValue(options);
        }

        return options;
    }

    private static IEnumerable<PropertyInfo> Properties(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.GetIndexParameters().Length == 0 && p.GetCustomAttribute<BrowsableAttribute>()?.Browsable != false);

    // A section of which nothing is said keeps its defaults.
    private static bool MayBeNull(PropertyInfo property) => IsSection(property.PropertyType) || new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;

    private static bool IsSection(Type type) => type.IsClass && type != typeof(string) && ElementType(type) is null && type.Assembly == typeof(ConfigurationCheck).Assembly;

    private static Type? ElementType(Type type)
    {
        if (type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type))
            return null;
        return type.IsArray ? type.GetElementType() : type.IsGenericType ? type.GetGenericArguments()[^1] : null;
    }

    private static string Show(object? value) => value switch
    {
        null => "",
        string text => text,
        IEnumerable many => string.Join(", ", many.Cast<object?>()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
