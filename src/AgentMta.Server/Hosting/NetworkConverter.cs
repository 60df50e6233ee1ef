using System.ComponentModel;
using System.Globalization;
using System.Net;

namespace AgentMta.Server.Hosting;

/// <summary>Lets the configuration name networks (192.0.2.0/24) and addresses, which the framework's binder cannot read by itself.</summary>
internal sealed class NetworkConverter : TypeConverter
{
    /// <summary>Makes the binder know it.</summary>
    public static void Register()
    {
        TypeDescriptor.AddAttributes(typeof(IPNetwork), new TypeConverterAttribute(typeof(NetworkConverter)));
        TypeDescriptor.AddAttributes(typeof(IPAddress), new TypeConverterAttribute(typeof(AddressConverter)));
    }

    /// <inheritdoc/>
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    /// <inheritdoc/>
    public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value)
    {
        var text = (string)value;
        if (IPNetwork.TryParse(text, out var network))
            return network;
        // A single address is the network of it alone.
        return IPAddress.TryParse(text, out var address)
            ? new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128)
            : throw new FormatException($"'{text}' is not a network such as 192.0.2.0/24 or 2001:db8::/32.");
    }

    private sealed class AddressConverter : TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

        public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
            IPAddress.TryParse((string)value, out var address) ? address : throw new FormatException($"'{value}' is not an IP address.");
    }
}
