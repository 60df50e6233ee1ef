using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace AgentMta.Server.Store;

/// <summary>
/// Keeps what was read of settings until any setting changes, so that the hot path asks the database for none. Finds only; absence is never kept.
/// Two seconds at most: a command in another process may change settings too.
/// </summary>
internal sealed class SettingsCache<T>(Database database, int capacity)
    where T : class
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, (long Version, long At, T Value)> _entries = new(StringComparer.Ordinal);

    /// <summary>The value, where no setting changed since it was read.</summary>
    public bool TryGet(string key, [NotNullWhen(true)] out T? value)
    {
        value = _entries.TryGetValue(key, out var entry) && entry.Version == database.SettingsVersion && database.Time.GetElapsedTime(entry.At) < Lifetime ? entry.Value : null;
        return value is not null;
    }

    /// <summary>Keeps a value; <paramref name="version"/> is <see cref="Database.SettingsVersion"/> as it was before the reading began.</summary>
    public void Keep(string key, long version, T? value)
    {
        if (value is null)
            return;
        if (_entries.Count >= capacity)
            _entries.Clear();
        _entries[key] = (version, database.Time.GetTimestamp(), value);
    }
}
