namespace AgentMta.Server.Store;

/// <summary>The store cannot keep a change now (disk full, damaged file): the caller answers 4yz or 503 and nothing was stored.</summary>
internal class StoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The same, but the disk that failed may have kept the change all the same: what it names has to stay.</summary>
internal sealed class UnsureException(string message, Exception? inner = null) : StoreException(message, inner);

/// <summary>A file of the store is no database, or a broken one; start-up ends with exit code 78, for starting again would not help.</summary>
internal sealed class DatabaseDamagedException(string path, Exception inner)
    : StoreException($"'{path}' is damaged or no database of this program ({inner.Message}): restore it from the backup, together with what belongs to it in its folder.", inner);

/// <summary>The database was written by a newer version of this program; start-up ends with exit code 78.</summary>
internal sealed class SchemaTooNewException(int found, int known)
    : Exception($"The database has schema {found}, this program knows schemas up to {known}. Run the newer version, or restore a backup made before the upgrade.");
