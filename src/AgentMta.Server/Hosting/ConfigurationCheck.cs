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
            var key = path.Length == 0 ? section.Key : path + ":" + section.Key;
            var property = Properties(options).FirstOrDefault(p => p.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                yield return $"{key}: there is no such key. Allowed here: {string.Join(", ", Properties(options).Select(p => p.Name))}.";
                continue;
            }

            foreach (var fault in Value(section, property.PropertyType, key))
                yield return fault;
        }
    }

    /// <summary>Values out of their range, by the attributes and the own rules of the options.</summary>
    public static IEnumerable<string> Range(object options, string path = "")
    {
        foreach (var property in Properties(options.GetType()))
        {
            var key = path.Length == 0 ? property.Name : path + ":" + property.Name;
            var value = property.GetValue(options);
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (!rule.IsValid(value))
                    yield return $"{key} = '{Show(value)}': {rule.FormatErrorMessage(key)}";
            }

            if (value is not null && IsSection(property.PropertyType))
            {
                foreach (var fault in Range(value, key))
                    yield return fault;
            }
        }

        if (options is IValidatableObject own)
        {
            foreach (var result in own.Validate(new ValidationContext(options)))
                yield return $"{(path.Length == 0 ? "" : path + ":")}{result.MemberNames.FirstOrDefault()}: {result.ErrorMessage}";
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

    /// <summary>Every key below an options type with its default, for the sample file's test and for documentation.</summary>
    public static IEnumerable<string> Keys(Type options, string path = "")
    {
        foreach (var property in Properties(options))
        {
            var key = path.Length == 0 ? property.Name : path + ":" + property.Name;
            if (IsSection(property.PropertyType))
            {
                foreach (var inner in Keys(property.PropertyType, key))
                    yield return inner;
            }
            else
            {
                yield return key;
            }
        }
    }

    private static IEnumerable<string> Value(IConfigurationSection section, Type type, string key)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (ElementType(type) is { } element)
            return section.GetChildren().SelectMany(child => Value(child, element, key + ":" + child.Key));
        if (IsSection(type))
            return section.Value is { Length: > 0 } text ? [$"{key} = '{text}': this is a section with keys of its own: {string.Join(", ", Properties(type).Select(p => p.Name))}."] : Shape(section, type, key);
        if (section.Value is null)
            return section.GetChildren().Any() ? [$"{key}: this is a single value, not a section or a list."] : [];
        if (type == typeof(string) || (section.Value.Length == 0 && type.IsValueType && Nullable.GetUnderlyingType(type) is not null))
            return [];
        return CanRead(section.Value, type) ? [] : [$"{key} = '{section.Value}': {Allowed(type)}"];
    }

    private static bool CanRead(string value, Type type)
    {
        try
        {
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
        _ => $"a {type.Name} is expected.",
    };

    private static IEnumerable<PropertyInfo> Properties(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.GetIndexParameters().Length == 0 && p.GetCustomAttribute<BrowsableAttribute>()?.Browsable != false);

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
