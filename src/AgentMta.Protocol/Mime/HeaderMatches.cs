using System.Collections;

namespace AgentMta.Protocol.Mime;

/// <summary>The fields of one name in their order, found as they are asked for.</summary>
public readonly struct HeaderMatches : IEnumerable<HeaderField>
{
    private readonly HeaderList _headers;
    private readonly string _name;

    internal HeaderMatches(HeaderList headers, string name) => (_headers, _name) = (headers, name);

    public Enumerator GetEnumerator() => new(_headers, _name);

    IEnumerator<HeaderField> IEnumerable<HeaderField>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Goes from one to the next.</summary>
    public struct Enumerator : IEnumerator<HeaderField>
    {
        private const int End = int.MaxValue;

        private readonly HeaderList _headers;
        private readonly string _name;
        private int _at;

        internal Enumerator(HeaderList headers, string name) => (_headers, _name, _at) = (headers, name, -1);

        public readonly HeaderField Current => _headers[_at];

        readonly object IEnumerator.Current => Current;

        public bool MoveNext()
        {
            if (_at == End)
                return false;
            var next = _headers.IndexOf(_name, _at + 1);
            _at = next < 0 ? End : next;
            return next >= 0;
        }

        public void Reset() => _at = -1;

        public readonly void Dispose()
        {
        }
    }
}
