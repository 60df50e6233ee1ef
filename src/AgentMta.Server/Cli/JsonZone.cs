using System.Net;
using System.Text;
using System.Text.Json;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Cli;

/// <summary>DNS as a JSON object of names, for scripts: a name not listed is NXDOMAIN, a listed name without the type is NODATA, and failures can be written down.</summary>
internal sealed class JsonZone : IDnsLookup
{
    private const uint Ttl = 300;
    private const int MaxChain = 10;

    private readonly Dictionary<string, Node> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads <c>{"name": [{"TXT": "…"}, {"MX": [10, "host"]}, "TIMEOUT", …]}</c>; throws <see cref="JsonException"/> where it is something else.</summary>
    public static JsonZone Parse(JsonElement zone)
    {
        if (zone.ValueKind != JsonValueKind.Object)
            throw new JsonException("zone must be an object of names");
        var parsed = new JsonZone();
        foreach (var owner in zone.EnumerateObject())
        {
            if (owner.Value.ValueKind != JsonValueKind.Array)
                throw new JsonException($"zone: '{owner.Name}' must hold a list of records");
            var node = parsed.NodeOf(owner.Name);
            foreach (var record in owner.Value.EnumerateArray())
                node.Add(owner.Name, record);
        }

        return parsed;
    }

    public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Find(name, type));
    }

    private DnsAnswer Find(string name, DnsRecordType type)
    {
        for (var hops = 0; hops <= MaxChain; hops++)
        {
            if (!_names.TryGetValue(Key(name), out var node))
                return DnsAnswer.Empty(DnsStatus.NameError, name, Ttl);
            if (node.Failures.TryGetValue(type, out var failure))
                return DnsAnswer.Empty(failure, name);
            var found = node.Records.Where(r => r.Type == type).ToList();
            if (found.Count > 0)
                return new DnsAnswer(DnsStatus.Ok, found, false, Ttl, Key(name));
            if (node.Alias is null)
                return DnsAnswer.Empty(node.Otherwise ?? DnsStatus.NoData, name, Ttl);
            name = node.Alias;
        }

        return DnsAnswer.Empty(DnsStatus.ServerFailure, name);
    }

    private Node NodeOf(string name)
    {
        if (!_names.TryGetValue(Key(name), out var node))
            _names.Add(Key(name), node = new Node());
        return node;
    }

    private static string Key(string name) => name.EndsWith('.') ? name[..^1] : name;

    /// <summary>All that is said about one name.</summary>
    private sealed class Node
    {
        public List<DnsRecord> Records { get; } = [];

        public Dictionary<DnsRecordType, DnsStatus> Failures { get; } = [];

        public string? Alias { get; private set; }

        /// <summary>What a bare failure answers for types without records.</summary>
        public DnsStatus? Otherwise { get; private set; }

        public void Add(string name, JsonElement record)
        {
            if (record.ValueKind == JsonValueKind.String)
            {
                Otherwise = FailureOf(record) ?? throw new JsonException($"zone: '{name}' holds '{record.GetString()}', which is no record");
                return;
            }

            if (record.ValueKind != JsonValueKind.Object)
                throw new JsonException($"zone: '{name}' holds something that is no record");
            foreach (var pair in record.EnumerateObject())
            {
                if (!Enum.TryParse<DnsRecordType>(pair.Name, ignoreCase: true, out var type))
                    throw new JsonException($"zone: '{name}' holds a record of the unknown type '{pair.Name}'");
                if (FailureOf(pair.Value) is { } failure)
                    Failures[type] = failure;
                else
                    Add(name, type, pair.Value);
            }
        }

        private void Add(string name, DnsRecordType type, JsonElement value)
        {
            switch (type)
            {
                case DnsRecordType.TXT:
                    Records.Add(new TxtRecord(name, Ttl, TextOf(value)));
                    break;
                case DnsRecordType.A or DnsRecordType.AAAA when value.ValueKind == JsonValueKind.String && IPAddress.TryParse(value.GetString(), out var address):
                    var record = new AddressRecord(name, Ttl, address);
                    Records.Add(record.Type == type ? record : throw new JsonException($"zone: '{value.GetString()}' is no address for {type}"));
                    break;
                case DnsRecordType.MX when value is { ValueKind: JsonValueKind.Array } && value.GetArrayLength() == 2 && value[0].TryGetUInt16(out var preference):
                    Records.Add(new MxRecord(name, Ttl, preference, Key(value[1].GetString() ?? "")));
                    break;
                case DnsRecordType.CNAME:
                    Alias = value.GetString();
                    break;
                case DnsRecordType.PTR or DnsRecordType.NS:
                    Records.Add(new NameRecord(name, type, Ttl, Key(value.GetString() ?? "")));
                    break;
                default:
                    throw new JsonException($"zone: a {type} record of '{name}' cannot be read");
            }
        }

        // A list is the character-strings of one record; text beyond Latin-1 goes as its UTF-8 octets, as it would on the wire.
        private static string TextOf(JsonElement value)
        {
            var text = value.ValueKind == JsonValueKind.Array ? string.Concat(value.EnumerateArray().Select(v => v.GetString())) : value.GetString() ?? "";
            return text.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff') ? Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)) : text;
        }

        private static DnsStatus? FailureOf(JsonElement value) => value.ValueKind != JsonValueKind.String ? null : value.GetString() switch
        {
            "TIMEOUT" => DnsStatus.Timeout,
            "SERVFAIL" => DnsStatus.ServerFailure,
            _ => null,
        };
    }
}
