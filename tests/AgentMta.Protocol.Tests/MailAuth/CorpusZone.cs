using System.Text;
using System.Text.Json;
using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.MailAuth;

/// <summary>Reads the corpora's DNS data into a <see cref="ZoneMap"/>.</summary>
internal static class CorpusZone
{
    /// <summary>corpora/spf: owner → list of { TYPE: value } or "TIMEOUT"; SPF (type 99) stands for TXT where the owner has none.</summary>
    public static ZoneMap Spf(JsonElement zone)
    {
        var map = new ZoneMap();
        foreach (var owner in zone.EnumerateObject())
        {
            var name = owner.Name;
            map.Empty(name);
            var records = owner.Value.EnumerateArray().ToList();
            var hasTxt = records.Any(r => r.ValueKind == JsonValueKind.Object && r.TryGetProperty("TXT", out _));
            foreach (var record in records)
            {
                if (record.ValueKind == JsonValueKind.String)
                {
                    map.Fails(name);
                    continue;
                }

                var (type, value) = (record.EnumerateObject().First().Name, record.EnumerateObject().First().Value);
                if (value is { ValueKind: JsonValueKind.String } && value.GetString() == "TIMEOUT")
                    map.Fails(name, type == "SPF" ? DnsRecordType.TXT : Enum.Parse<DnsRecordType>(type));
                else if (type == "TXT" && value is { ValueKind: JsonValueKind.String } && value.GetString() == "NONE")
                    continue;
                else if (type != "SPF" || !hasTxt)
                    AddRecord(map, name, type, value);
            }
        }

        return map;
    }

    /// <summary>corpora/dmarc: owner → type → list of values, or { "error": … }.</summary>
    public static ZoneMap Typed(JsonElement zone)
    {
        var map = new ZoneMap();
        foreach (var owner in zone.EnumerateObject())
        {
            map.Empty(owner.Name);
            foreach (var type in owner.Value.EnumerateObject())
            {
                if (type.Name == "error")
                    map.Fails(owner.Name);
                else if (type.Value.ValueKind == JsonValueKind.Object)
                    map.Fails(owner.Name, Enum.Parse<DnsRecordType>(type.Name));
                else
                    foreach (var value in type.Value.EnumerateArray())
                        AddRecord(map, owner.Name, type.Name, value);
            }
        }

        return map;
    }

    private static void AddRecord(ZoneMap map, string name, string type, JsonElement value)
    {
        switch (type)
        {
            case "TXT" or "SPF":
                map.Txt(name, Latin(value.ValueKind == JsonValueKind.Array ? string.Concat(value.EnumerateArray().Select(v => v.GetString())) : value.GetString()!));
                break;
            case "A" or "AAAA":
                map.Address(name, value.GetString()!);
                break;
            case "MX" when value.ValueKind == JsonValueKind.String:
                map.Mx(name, value.GetString()!.Split(' ')[1]);
                break;
            case "MX":
                map.Mx(name, value[1].GetString()!);
                break;
            case "PTR":
                map.Ptr(name, value.GetString()!);
                break;
            case "CNAME":
                map.Cname(name, value.GetString()!);
                break;
            default:
                throw new InvalidOperationException(type);
        }
    }

    private static string Latin(string text) => text.Any(c => c > 255) ? Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)) : text;
}
